"""validate: check specs offline, all mistakes of all files at once"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import endpoint_profile, format_argument, question, spec_arguments
from reconciler.cli.reports import report_argument
from reconciler.cli.settings import settings_of
from reconciler.errors import ExitCode, InvalidSettings

if TYPE_CHECKING:
    from reconciler.settings import Account

DESCRIPTION = """\
Check specs without asking S3: YAML, fields, values, and whatever S3 is known to refuse.
Every mistake of every file is shown at once, with its place and what to write instead.

  reconcile validate
  reconcile validate specs/lake.yaml --format json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which specs."""
    spec_arguments(parser)
    format_argument(parser)
    report_argument(parser)


def accounts_of(arguments: Namespace, console: Console) -> "Sequence[Account]":
    """The accounts that the settings list; where there are no settings, nothing is loaded to read them.

    Settings that are wrong do not make a spec wrong: then it is only said that nobody has looked.
    """
    from pathlib import Path

    from reconciler.specs.files import SETTINGS_FILE

    is_there = getattr(arguments, "settings", None) is not None or Path(SETTINGS_FILE).exists()
    try:
        return settings_of(arguments).accounts if is_there else ()
    except InvalidSettings as error:
        console.line(f"warning: {error.message}: which account a bucket belongs to is not checked")
        return ()


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Warnings do not fail; errors are raised by the loader."""
    import sys

    from reconciler.question import load_specs
    from reconciler.reports.problems import problems_document, render_problems

    loaded = load_specs(question(arguments), endpoint_profile(arguments), accounts_of(arguments, console))
    console.reports.planned(None, loaded.warnings)
    if console.json:
        from reconciler.planning.storage import FORMAT_VERSION

        names = [bucket.spec.name for bucket in loaded.buckets]
        console.document(
            {
                "format_version": FORMAT_VERSION,
                "valid": True,
                "buckets": names,
                "problems": problems_document(loaded.warnings),
            }
        )
        return ExitCode.FINE
    if loaded.warnings:
        console.message(render_problems(loaded.warnings, console.style(sys.stderr)).rstrip("\n"))
    if not console.quiet:
        style = console.style(sys.stdout)
        files, buckets = len(loaded.files), len(loaded.buckets)
        said = f"{buckets} bucket{'' if buckets == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
        console.result(style.fit(f"{style.green('✓')} {said}: in order\n"))
    return ExitCode.FINE
