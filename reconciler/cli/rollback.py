"""rollback: write a spec that takes back what a run has written, and plan it"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import access, command_line, format_argument
from reconciler.cli.runs import journal_folder, run_named
from reconciler.cli.settings import settings_of
from reconciler.errors import ExitCode, ReconcileError, UsageError

if TYPE_CHECKING:
    from reconciler.planning.rolling_back import Rollback
    from reconciler.planning.runs import PastRun

DESCRIPTION = """\
Write a spec that says what was there before a run, and show what applying it would change. Nothing is written to S3:
review the plan, then apply the file like any other. Objects that are gone do not come back.

  reconcile rollback                             the last run that wrote anything
  reconcile rollback 20261122T094500.250Z-3f2a   another one; `reconcile runs` lists them
  reconcile rollback --out back.yaml             - prints the spec, and plans nothing
"""
FOLDER = "rollbacks"
STANDARD_OUTPUT = "-"


def arguments(parser: ArgumentParser) -> None:
    """Which run, and where the spec goes."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, or how its name begins (default: the last one)")
    parser.add_argument("--out", metavar="FILE", help="the spec file to write (default: .reconcile/rollbacks/RUN.yaml)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    format_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Look up, write down, plan."""
    from reconciler.run import roll_back
    from reconciler.specs.files import ENDINGS
    from reconciler.specs.writing import spec_file

    out = arguments.out
    if out is not None and out != STANDARD_OUTPUT and not out.endswith(ENDINGS):
        raise UsageError(f"--out {out} is not the name of a spec", remedy="write --out back.yaml, or --out -")
    folder = journal_folder(arguments)
    past = run_named(folder, arguments.run) if arguments.run else last_run(folder)
    if past.is_running:
        raise ReconcileError(f"the run {past.id} is still at it", remedy="wait for its end")
    s3 = access(arguments, console, settings_of(arguments).accounts)
    found = roll_back(past, s3, console.notice)
    tell(past, found, console)
    if not found.buckets:
        console.message(f"The run {past.id} has changed nothing that a spec could take back.")
        return ExitCode.FINE
    text = spec_file(found.buckets, remarks=list(heading(past, found)))
    if out == STANDARD_OUTPUT:
        console.file(text)
        return ExitCode.FINE
    path = Path(out) if out else folder.parent / FOLDER / f"{past.id}.yaml"
    write(path, text, overwrite=arguments.overwrite)
    console.notice(f"Wrote {path}")
    return show_plan(path, arguments, console)


def last_run(folder: Path) -> "PastRun":
    """The newest run that wrote anything."""
    from reconciler.journal.files import all_runs

    for past in all_runs(folder):
        if any(call.may_have_worked for call in past.calls):
            return past
    raise ReconcileError(
        f"no run in {folder} has written anything",
        remedy="roll back where that apply ran: its journal is there; `reconcile runs` lists what was run here",
    )


def heading(past: "PastRun", found: "Rollback") -> Iterator[str]:
    """What the file is, for whoever reads it."""
    yield f"Takes back what the run {past.id} has written."
    yield "Review its plan, then apply it like any other spec. Objects that are gone do not come back."
    yield from (how_to_delete(name) for name in found.created)


def how_to_delete(name: str) -> str:
    """What is to be done about a bucket that the run created."""
    return (
        f"{name} was created by this run and stays. To delete it, write into a spec: "
        f"{{name: {name}, state: absent, confirm_delete: {name}}}"
    )


def tell(past: "PastRun", found: "Rollback", console: Console) -> None:
    """What a person should know before reading the plan."""
    for name in found.created:
        console.line(how_to_delete(name))
    for name, aspect in found.moved:
        console.line(
            f"warning: somebody has changed {aspect} of {name} since the run {past.id}; the plan takes that back, too"
        )
    for bucket in found.buckets:
        for what, why in bucket.remarks.items():
            console.line(f"warning: {bucket.name}: {what}: {why}")


def write(path: Path, text: str, *, overwrite: bool) -> None:
    """Write the spec. A file that says something else is not replaced without being told."""
    try:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        if not overwrite and (path.exists() or path.is_symlink()):
            raise ReconcileError(f"{path} exists", remedy="name another --out, or say --overwrite")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ReconcileError(f"{path} cannot be written: {said}", remedy="name another --out") from error


def show_plan(path: Path, arguments: Namespace, console: Console) -> ExitCode:
    """The ordinary plan of the file, and the command that carries it out."""
    from reconciler.cli.consent import needs_of
    from reconciler.cli.plan import print_plan
    from reconciler.planning.storage import to_document
    from reconciler.run import Question, make_plan
    from reconciler.version import __version__

    settings = settings_of(arguments)
    planned = make_plan(Question((str(path),), {}), access(arguments, console, settings.accounts))
    needs = needs_of(planned.changeset, settings.limits)
    document = to_document(planned.changeset, __version__, needs)
    if console.json:
        console.document(document)
    else:
        print_plan(planned, document, console, command_line(arguments, "apply", [str(path)]))
    return planned.changeset.exit_code()
