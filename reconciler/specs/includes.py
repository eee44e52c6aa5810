"""`{file: …}`: a policy or schema that stands in a file of its own next to the spec.

A spec may come from a pull request, so the path is not trusted: the file must lie under the spec's own
folder, also when links are followed, and be an ordinary file of ordinary size.
"""

import json
import os
import stat
from pathlib import Path

from reconciler.problems import Code, Problem
from reconciler.specs.wording import WRONG_TYPE, described
from reconciler.strict_yaml import Node, Source, parse

LARGEST = 1024 * 1024
"""Bytes. A policy has at most 20,480."""

OUTSIDE = Code(
    "RCL1201",
    "a file outside of the spec's folder",
    "A spec may only include files that lie in its own folder or below, also when links are followed: a spec from a "
    "pull request must not be able to read the machine that checks it.",
)
NOT_READABLE = Code(
    "RCL1202",
    "a file that cannot be included",
    "The file is missing, is no ordinary file, is larger than 1 MiB, or is not UTF-8 text.",
)
NOT_JSON = Code("RCL1203", "a file that is not JSON", "A file named `.json` must hold JSON, exactly one value.")
AS_YAML = {ord("\t"): " ", 0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""What is JSON and not quite YAML: tabs between tokens, and breaks of lines that YAML would fold in a string."""
CODES = (OUTSIDE, NOT_READABLE, NOT_JSON)


class OutsideError(Exception):
    """The file does not lie under the spec's folder."""


def included(named: Node, folder: Path) -> tuple[Node | None, tuple[Problem, ...]]:
    """The content of the file that this names, and what is wrong with it; None where it cannot be had."""
    written = named.value
    if not isinstance(written, str):
        return None, (named.problem(NOT_READABLE, "`file` names a path", (), "put it in quotes"),)
    try:
        source = read(folder, written)
    except OutsideError:
        said = f"`{written}` lies outside of the spec's folder"
        return None, (named.problem(OUTSIDE, said, (), "put the file next to the spec"),)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
        return None, (named.problem(NOT_READABLE, f"`{written}` cannot be read: {reason(error)}"),)
    content, found = parse_file(source)
    if content is not None and not isinstance(content.value, dict):
        return None, (*found, content.problem(WRONG_TYPE, f"this is {described(content.value)}; expected is a mapping"))
    return content, found


def read(folder: Path, written: str) -> Source:
    """The text of a file under the spec's folder. Raises OutsideError for one outside of it."""
    root = folder.resolve()
    path = (root / written).resolve()
    if not path.is_relative_to(root):
        raise OutsideError
    # opened without waiting, and looked at before it is read: a pipe or device must not hold the run up
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is not an ordinary file")
        if about.st_size > LARGEST:
            raise ValueError(f"it has {about.st_size:,} bytes; {LARGEST:,} are the most")
        return Source(shown(path), file.read().decode("utf-8-sig"))


def parse_file(source: Source) -> tuple[Node | None, tuple[Problem, ...]]:
    """A JSON or YAML file with positions. JSON is YAML, but for tabs between its tokens."""
    if not source.name.endswith(".json"):
        return parse(source)
    try:
        json.loads(source.text, parse_int=str)  # an integer of many digits is JSON, and a ValueError to int()
    except RecursionError:
        pass  # the YAML reader says it better
    except json.JSONDecodeError as error:
        at = (error.lineno, error.colno, error.colno + 1)
        return None, (source.problem(NOT_JSON, f"this is not JSON: {error.msg}", at),)
    return parse(Source(source.name, source.text.translate(AS_YAML)))


def reason(error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if "embedded null" in str(error):  # Python's own words differ from version to version
        return "a name holds no null character"
    return getattr(error, "strerror", None) or str(error)


def shown(path: Path) -> str:
    """A path as problems and plans name it: relative to where the command runs, with slashes."""
    return as_text(Path(os.path.relpath(path)))


def as_text(path: Path) -> str:
    """A path as it is written, with slashes; a name may hold bytes that are no UTF-8."""
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")
