"""Paths as they stand on the command line in; the texts of spec files out.

A folder may come from a pull request, so what is found in it is not trusted: only ordinary files of
ordinary size that lie in it, also when links are followed.
"""

import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.nodes import Source
from reconciler.problems import Code, Place, Problem
from reconciler.specs.includes import OUTSIDE, as_text, reason, shown
from reconciler.strict_yaml import LARGEST_FILE, NOT_TEXT, TOO_LARGE

NO_FILE = Code("RCL1301", "no such file", "The path does not exist or cannot be read.")
NO_SPECS = Code(
    "RCL1302",
    "no specs here",
    "A folder is searched for files that end in `.yaml` or `.yml`; this one has none, so nothing would be checked. "
    "Name the folder that holds the specs.",
)
CODES = (NO_FILE, NO_SPECS)

STANDARD_INPUT = "-"
SETTINGS_FILE = "reconcile.yaml"
"""What a team decides for all its runs (`reconciler.settings`): no spec, wherever it lies."""
ENDINGS = (".yaml", ".yml")


def sources_of(paths: Sequence[str], problems: list[Problem]) -> Iterator[tuple[Source, Path]]:
    """The texts under these paths with the folders that they may include files from; each file once."""
    seen: set[Path | str] = set()
    for written in paths:
        for path in [written] if written == STANDARD_INPUT else files_under(Path(written), problems):
            once = path.resolve() if isinstance(path, Path) else path
            if once in seen:
                continue
            seen.add(once)
            source = read(path, problems)
            if source is not None:
                yield source, path.parent if isinstance(path, Path) else Path()


def files_under(path: Path, problems: list[Problem]) -> list[Path]:
    """The file itself, or the specs in a folder, by name."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISREG(kind):
            return [path]
        if stat.S_ISDIR(kind):
            return specs_in(path, problems)
        said, hint = f"`{as_text(path)}` is neither a file nor a folder", "pass `-` to read from standard input"
    except (OSError, ValueError) as error:
        said = f"`{as_text(path)}` cannot be read: {reason(error)}"
        hint = "name a spec file, a folder of specs, or `-`"
    problems.append(Problem(NO_FILE.code, said, help=hint))
    return []


def specs_in(folder: Path, problems: list[Problem]) -> list[Path]:
    """The specs in a folder and below, by name."""
    found = [file for file in sorted(folder.rglob("*")) if is_spec(file, folder)]
    if not found:
        problems.append(Problem(NO_SPECS.code, f"`{as_text(folder)}` holds no spec: no file ends in .yaml or .yml"))
    root = folder.resolve()
    inside: list[Path] = []
    for file in found:
        if file.resolve().is_relative_to(root):
            inside.append(file)
            continue
        said = f"`{as_text(file)}` is a link to a file outside of `{as_text(folder)}`"
        problems.append(Problem(OUTSIDE.code, said, help="name the file itself on the command line"))
    return inside


def is_spec(file: Path, folder: Path) -> bool:
    """Whether a file in a folder is a spec: by its ending, neither hidden nor in a hidden folder, no settings."""
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix in ENDINGS and file.name != SETTINGS_FILE and not hidden and file.is_file()


def read(path: Path | str, problems: list[Problem]) -> Source | None:
    """The text of a file, or of standard input; None where it is no text that can be read."""
    name = shown(path) if isinstance(path, Path) else path
    at_start = Place(name, 1, 1, 2)
    try:
        data = read_bytes(path)
        if len(data) <= LARGEST_FILE:
            return Source(name, data.decode("utf-8-sig"))
        problems.append(Problem(TOO_LARGE.code, f"more than {LARGEST_FILE:,} bytes", at_start))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problems.append(Problem(NOT_TEXT.code, "this is not UTF-8 text", Place(name, line, 1, 2), "save it as UTF-8"))
    except OSError as error:
        problems.append(Problem(NO_FILE.code, f"`{name}` cannot be read: {reason(error)}"))
    return None


def read_bytes(path: Path | str) -> bytes:
    """At most one byte more than a spec may have."""
    if isinstance(path, Path):
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    if sys.stdin is None:
        raise OSError("it is closed")
    return sys.stdin.buffer.read(LARGEST_FILE + 1)


def relative(path: str) -> str:
    """A path as plans record it: relative, with slashes."""
    return path if path == STANDARD_INPUT else shown(Path(path))
