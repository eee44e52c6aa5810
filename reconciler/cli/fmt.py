"""fmt: write specs in one canonical style, with every comment"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.errors import ExitCode, InvalidSpecs

if TYPE_CHECKING:
    from reconciler.problems import Problem

DESCRIPTION = """\
Write specs in one canonical style: fields in the order of `reconcile explain bucket`, two spaces a level, quotes where
YAML has traps and nowhere else. Values and comments stay what they are. A file that cannot be read is told and left
alone. The names of the files that were written are the result.

  reconcile fmt                           rewrite what lies in specs/
  reconcile fmt --check                   exit 1, with their names, if there are files to rewrite
  reconcile fmt --diff specs/lake.yaml    show what would change, and write nothing
  reconcile fmt - < spec.yaml             from standard input to standard output
"""


def arguments(parser: ArgumentParser) -> None:
    """Which files, and whether they are written."""
    from reconciler.cli.question import DEFAULT_PATH

    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help=f"spec files, folders of specs, or - (default: {DEFAULT_PATH}/)"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if there are files to rewrite")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Every file by itself: those with problems stop none of the others."""
    from reconciler.cli.question import DEFAULT_PATH
    from reconciler.specs.files import STANDARD_INPUT, read
    from reconciler.specs.formatting import formatted

    problems: list[Problem] = []
    paths = arguments.paths or [DEFAULT_PATH]
    only_looks = arguments.check or arguments.diff
    rewritten = files = 0
    for path in files_in(paths, problems):
        source = read(path, problems)
        if source is None:
            continue
        files += 1
        written, found = formatted(source)
        problems += found
        if written is None:
            continue
        if path == STANDARD_INPUT and not only_looks:
            console.file(written)
            continue
        before = source.text if path == STANDARD_INPUT else as_it_is(Path(path))
        if before == written:
            continue
        if not only_looks and not replaced(Path(path), written, problems):
            continue
        rewritten += 1
        console.result(difference(source.name, before, written, console) if arguments.diff else f"{source.name}\n")
    tell(rewritten, files, only_looks, console)
    if problems:
        raise InvalidSpecs(problems)
    return ExitCode.ERROR if arguments.check and rewritten else ExitCode.FINE


def files_in(paths: Sequence[str], problems: "list[Problem]") -> "list[Path | str]":
    """The files under these paths, each once."""
    from reconciler.problems import Problem
    from reconciler.specs.files import ENDINGS, STANDARD_INPUT, files_under
    from reconciler.specs.formatting import NO_YAML_FILE

    found: dict[Path | str, Path | str] = {}
    for written in paths:
        if written == STANDARD_INPUT:
            found[written] = written
            continue
        for path in files_under(Path(written), problems):
            if path.suffix in ENDINGS:
                found.setdefault(path.resolve(), path)
            else:
                said = f"`{path}` is not a YAML file by its name"
                problems.append(Problem(NO_YAML_FILE.code, said, help="name files that end in .yaml or .yml"))
    return [*found.values()]


def as_it_is(path: Path) -> str:
    """The text of a file with its own line ends, and the mark at its beginning that some editors write."""
    return path.read_bytes().decode("utf-8")


def replaced(path: Path, written: str, problems: "list[Problem]") -> bool:
    """Write a file whole or not at all; through a link, what it leads to."""
    from reconciler.cli.saved import write_whole
    from reconciler.problems import Problem
    from reconciler.specs.files import NO_FILE
    from reconciler.specs.includes import reason

    try:
        write_whole(written, path.resolve())
    except OSError as error:
        problems.append(Problem(NO_FILE.code, f"`{path}` cannot be written: {reason(error)}"))
        return False
    return True


def difference(name: str, before: str, after: str, console: Console) -> str:
    """A unified diff, in colour on a terminal. What is no letter, as a line end of Windows, is shown as an escape."""
    import sys

    from reconciler.inert import inert
    from reconciler.specs import formatting

    style = console.style(sys.stdout)
    paints = {"+": style.green, "-": style.red, "@": style.cyan}
    shown = (inert(line) for line in formatting.difference(name, before, after))
    return "".join(paints.get(line[:1], str)(line) + "\n" for line in shown)


def tell(rewritten: int, files: int, only_looks: bool, console: Console) -> None:
    """How many files there were, for whoever watches."""
    of = f"{files} file{'' if files == 1 else 's'}"
    console.notice(f"{rewritten} of {of} {'to rewrite' if only_looks else 'rewritten'}")
