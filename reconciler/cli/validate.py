"""validate: check specs offline, all mistakes of all files at once"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import endpoint_profile, format_argument, question, spec_arguments
from reconciler.cli.reports import report_argument
from reconciler.cli.settings import settings_of
from reconciler.errors import ExitCode, InvalidSettings, InvalidSpecs

if TYPE_CHECKING:
    from reconciler.settings import Account
    from reconciler.specs.loader import Loaded

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


def accounts_of(arguments: Namespace) -> "Sequence[Account]":
    """The accounts that the settings list; where there are no settings, nothing is loaded to read them."""
    from pathlib import Path

    from reconciler.specs.files import SETTINGS_FILE

    named = getattr(arguments, "settings", None) is not None
    alike = (SETTINGS_FILE, Path(SETTINGS_FILE).with_suffix(".yml"))
    return settings_of(arguments).accounts if named or any(os.path.lexists(name) for name in alike) else ()


def load(arguments: Namespace) -> "Loaded":
    """The specs. Raises `InvalidSpecs` with every mistake in them, and in the settings."""
    from reconciler.question import load_specs

    def specs(accounts: "Sequence[Account]" = ()) -> "Loaded":
        return load_specs(question(arguments), endpoint_profile(arguments), accounts)

    try:
        accounts = accounts_of(arguments)
    except InvalidSettings as wrong:
        try:
            specs()
        except InvalidSpecs as more:
            raise InvalidSpecs([*wrong.problems, *more.problems]) from wrong
        raise
    return specs(accounts)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Warnings do not fail; errors are raised by the loader."""
    import sys

    from reconciler.reports.problems import problems_document, render_problems

    loaded = load(arguments)
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
