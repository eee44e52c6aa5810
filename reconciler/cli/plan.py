"""plan: show exactly what would change in S3"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from reconciler.cli.consent import limits_of, needs_of
from reconciler.cli.console import Console
from reconciler.cli.journal import look_back
from reconciler.cli.question import (
    access,
    command_line,
    evidence_arguments,
    evidence_asked,
    format_argument,
    question,
    shard_argument,
    spec_arguments,
    spec_words,
    stats_argument,
    target_argument,
)
from reconciler.cli.reports import report_argument
from reconciler.cli.settings import guardrails_asked, settings_of
from reconciler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.run import Planned

DESCRIPTION = """\
Compare specs with the live buckets and show what `apply` would do. Nothing is written to S3.

  reconcile plan specs/lake.yaml
  reconcile plan specs/ --out plan.json        save it for review; then: reconcile apply --plan plan.json
  reconcile plan --detailed-exitcode           0: nothing to do, 2: changes
  reconcile plan --shard 3/10 --out part.json  the third of ten parts; `reconcile merge` makes one plan of them
  reconcile plan --evidence                    how many objects and bytes the changed rules would delete
"""


def arguments(parser: ArgumentParser) -> None:
    """Which specs, and where the plan goes."""
    spec_arguments(parser)
    target_argument(parser)
    shard_argument(parser)
    format_argument(parser)
    report_argument(parser)
    evidence_arguments(parser)
    stats_argument(parser)
    parser.add_argument("--out", metavar="FILE", help="save the plan for `reconcile apply --plan FILE`")
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 when there are changes, 0 when there are none"
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Plan, show, save."""
    from reconciler.cli.progress import Progress, tell_stats
    from reconciler.cli.saved import check_out, saved
    from reconciler.planning.storage import to_document
    from reconciler.run import make_plan
    from reconciler.version import __version__

    asked = question(arguments)
    check_out(arguments.out)
    if arguments.out and "-" in asked.paths:
        raise UsageError(
            "a saved plan reads its specs again, and standard input cannot be read again",
            remedy="put the spec into a file, or leave --out out",
        )
    settings = settings_of(arguments)
    evidence = evidence_asked(arguments)
    s3 = access(arguments, console, settings.accounts)
    with Progress(console).shown() as progress:
        planned = make_plan(asked, s3, console.notice, evidence, progress, guardrails_asked(arguments, settings))
    past = look_back(settings, planned)
    limits = limits_of(arguments, settings.limits, asked.shard)
    needs = needs_of(planned.changeset, limits, past.begun, past.forgotten)
    document = to_document(planned.changeset, __version__, needs)
    refuse_a_spec(arguments.out, planned.files)
    words = ["--plan", arguments.out] if arguments.out else spec_words(asked)
    following = command_line(arguments, "apply", words)
    console.reports.planned(document, planned.warnings, following)
    not_saved = saved(document, arguments.out)
    if console.json:
        if not_saved:
            raise not_saved
        console.document(document)
    else:
        print_plan(planned, document, console, None if not_saved else following)
        if not_saved:
            raise not_saved
        if arguments.out:
            console.notice(f"Saved to {arguments.out}")
    progress.lap("telling it")
    if arguments.stats:
        tell_stats(progress, planned)
    return planned.changeset.exit_code(detailed=arguments.detailed_exitcode)


def refuse_a_spec(out: str | None, files: Collection[str]) -> None:
    """Refuse to write over a file that was read as a spec."""
    from pathlib import Path

    if out and Path(out).resolve() in {Path(file).resolve() for file in files}:
        raise UsageError(f"--out {out} would replace a spec", remedy="write --out plan.json")


def print_plan(planned: "Planned", document: dict[str, Any], console: Console, following: str | None) -> None:
    """The plan for people, and which calls it took."""
    from reconciler.reports.text import render

    style = console.style(sys.stdout)
    console.result(render(document, style, next_command=following))
    if console.verbose:
        calls = ", ".join(f"{number} {name}" for name, number in sorted(planned.clients.calls.items()))
        console.notice(f"{sum(planned.clients.calls.values())} calls: {calls}")
