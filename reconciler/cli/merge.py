"""merge: make one plan of the plans of all shards"""

import sys
from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.cli.question import command_line, format_argument
from reconciler.cli.reports import report_argument
from reconciler.errors import ExitCode, UsageError

DESCRIPTION = """\
Make of the plans of all shards the one plan that a single run would have made, byte for byte. Neither S3 nor the specs
are read; limits are taken from reconcile.yaml.

  reconcile plan --shard 3/10 --out part-3.json      each part, wherever it runs
  reconcile merge part-*.json --out plan.json        then review it, and: reconcile apply --plan plan.json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which parts, and where the whole goes."""
    parser.add_argument("parts", metavar="PART", nargs="+", help="a file that `reconcile plan --shard … --out` wrote")
    format_argument(parser)
    report_argument(parser)
    parser.add_argument("--out", metavar="FILE", help="save the plan for `reconcile apply --plan FILE`")
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 when there are changes, 0 when there are none"
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Put together, show, save: as `plan` does."""
    from datetime import UTC, datetime
    from pathlib import Path

    from reconciler.cli.journal import forgotten_by
    from reconciler.cli.saved import check_out, read, saved
    from reconciler.cli.settings import settings_of
    from reconciler.planning.changeset import exit_code_of
    from reconciler.planning.merging import SavedPart, oldest, whole_of, with_limits
    from reconciler.reports.text import render
    from reconciler.version import __version__

    check_out(arguments.out)
    refuse_a_part(arguments)
    settings = settings_of(arguments)
    parts = [SavedPart(file, read(Path(file), console.notice)) for file in arguments.parts]
    whole = whole_of(parts, __version__)
    document = with_limits(whole, settings.limits, forgotten_by(settings, whole, parts[0].document["asked"]["account"]))
    made = {"created_at": oldest(parts, datetime.now(UTC))} if arguments.out else {}
    not_saved = saved({**document, **made}, arguments.out)
    following = command_line(arguments, "apply", ["--plan", arguments.out]) if arguments.out else None
    console.reports.planned(document, (), following)
    if console.json:
        if not_saved:
            raise not_saved
        console.document(document)
    else:
        console.result(render(document, console.style(sys.stdout), next_command=None if not_saved else following))
        if not_saved:
            raise not_saved
        if arguments.out:
            console.notice(f"Saved to {arguments.out}")
    return exit_code_of(document, arguments.detailed_exitcode)


def refuse_a_part(arguments: Namespace) -> None:
    """Refuse to write over a part."""
    from pathlib import Path

    out = arguments.out
    if out and Path(out).resolve() in {Path(file).resolve() for file in arguments.parts}:
        raise UsageError(f"--out {out} would replace a part", remedy="name another file")
