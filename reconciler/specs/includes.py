"""`{file: …}`: a policy or schema that stands in a file of its own next to the spec.

A spec may come from a pull request, so the path is not trusted: the file must lie under the spec's own
folder, also when links are followed, and be an ordinary file of ordinary size.
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from reconciler.bucket import BucketSpec
from reconciler.nodes import Node, Source
from reconciler.problems import Code, Problem
from reconciler.specs.telling import Told
from reconciler.specs.variables import Filling
from reconciler.specs.wording import WRONG_TYPE, described
from reconciler.strict_yaml import parse

LARGEST = 1024 * 1024
"""Bytes. A policy has at most 20,480."""

OUTSIDE = Code(
    "RCL1201",
    "a file outside of the spec's folder",
    "A spec may only include files that lie in its own folder or below, also when links are followed: a spec from a "
    "pull request must not be able to read the machine that checks it. For the same reason `reconcile ci` follows no "
    "link out of the repository to the specs themselves.",
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


class Includes:
    """Puts the content of files where a spec names them."""

    def __init__(self, folder: Path, filling: Filling, told: Told, texts: Mapping[str, Source]) -> None:
        self.folder = folder
        self.filling = filling
        self.told = told
        self.texts = dict(texts)
        """The files that were read before, by their path as written."""
        self.contents: dict[str, Node | None] = {}
        """What they hold."""

    def put_into(self, bucket: Node) -> int:
        """Put the content of files into a bucket, or into the defaults; what cannot be had is left out.

        Returns how many values that makes.
        """
        values = 0
        for aspect, kind in BucketSpec.aspects().items():
            for below in kind.from_file:
                path = (aspect, *below)
                *around, (parent, _) = bucket.follow(path[:-1])
                child = parent.value.get(path[-1]) if isinstance(parent.value, dict) else None
                if child is None or not isinstance(child.value, dict) or list(child.value) != ["file"]:
                    continue
                content = self.content(self.filling.filled(child.value["file"]))
                if content is None:
                    del parent.value[path[-1]]
                    continue
                parent.value[path[-1]] = content
                for node in (*(node for node, _ in around), parent):
                    node.holds |= content.holds
                values += content.size
        return values

    def content(self, named: Node) -> Node | None:
        """What a file holds; each file is read once."""
        written = str(named.value)
        if written not in self.contents:
            before = self.texts.get(written)
            content, found = included(named, self.folder) if before is None else parse(before)
            self.contents[written] = content
            self.told.tell_misread(found)
            if content is not None:
                self.texts[written] = content.source
        return self.contents[written]


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
