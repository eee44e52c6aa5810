"""runs: list what was applied from here, and what each run wrote"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import format_argument
from reconciler.cli.settings import settings_of
from reconciler.errors import ExitCode, ReconcileError

if TYPE_CHECKING:
    from reconciler.planning.runs import PastRun

DESCRIPTION = """\
The journal of every apply that wrote anything: which calls were made, and what was there before. S3 is not asked.

  reconcile runs
  reconcile runs 20261122T094500.250Z-3f2a       its calls, in order
  reconcile rollback 20261122T094500.250Z-3f2a   take it back
"""
SHOWN = 20


def arguments(parser: ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, or how its name begins")
    format_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """List the runs, or tell one."""
    from datetime import UTC, datetime
    from itertools import islice

    from reconciler.journal.files import all_runs
    from reconciler.reports.runs import render_run, render_runs, run_document

    folder, now, style = journal_folder(arguments), datetime.now(UTC), console.style(sys.stdout)
    if arguments.run:
        found = run_named(folder, arguments.run)
        if console.json:
            console.document(run_document(found))
        else:
            console.result(render_run(found, style, now))
        return ExitCode.FINE
    runs = list(islice(all_runs(folder), SHOWN))
    if console.json:
        console.document({"runs": [{**run_document(one), "calls": len(one.calls)} for one in runs]})
    elif runs:
        console.result(render_runs(runs, style, now))
    else:
        console.result(f"No run has left a journal in {folder}.\n")
    return ExitCode.FINE


def journal_folder(arguments: Namespace) -> Path:
    """Where runs are kept. Raises `ReconcileError` where none are."""
    from reconciler.settings import NONE

    settings = settings_of(arguments)
    if settings.journal == NONE:
        raise ReconcileError("the settings say `journal: none`: no run is kept", remedy="take that line out")
    return Path(settings.journal)


def run_named(folder: Path, name: str) -> "PastRun":
    """The one run whose name begins like this. Raises `ReconcileError` where there is none, or several."""
    from reconciler.journal.files import files_in, read_run

    meant = [path for path in files_in(folder) if path.stem.startswith(name)]
    if len(meant) > 1:
        raise ReconcileError(f"{len(meant)} runs begin with {name}", remedy="write more of the name")
    found = read_run(meant[0]) if meant else None
    if found is None:
        known = "nobody can read the journal of" if meant else "there is no run"
        raise ReconcileError(f"{known} {name} in {folder}", remedy="`reconcile runs` lists them")
    return found
