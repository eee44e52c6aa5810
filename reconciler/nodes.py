"""What is written, and where: a text, and the values in it with their places.

A fleet has millions of values and few mistakes, so a value keeps where it stands as one number; line and
column are worked out when somebody asks.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from reconciler.problems import Code, Place, Problem

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What libyaml counts lines by; `str.splitlines` knows more, and would show the wrong line."""
ORDINARY_BREAK = re.compile("\n")
RARE_BREAKS = "\r\x85\u2028\u2029"

Path: TypeAlias = Sequence[str | int]
Span: TypeAlias = tuple[int, int, int]
"""Line, column, end column; all from 1."""
Stretch: TypeAlias = int
"""Where in its text something begins and how many characters it has, in one number: `stretch`."""
BITS_OF_LENGTH = 26
"""More than the length of any text that is read (`strict_yaml.LARGEST_FILE`)."""


def stretch(start: int, end: int) -> Stretch:
    """The stretch from one character up to another."""
    return start << BITS_OF_LENGTH | end - start


@dataclass(frozen=True, eq=False)
class Source:
    """A text and the name it goes by in messages: a relative POSIX path, or ``-``."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> Sequence[int]:
        """Where each line begins."""
        rare = any(sign in self.text for sign in RARE_BREAKS)
        breaks = (LINE_BREAK if rare else ORDINARY_BREAK).finditer(self.text)
        return array("L", [0, *(found.end() for found in breaks)])

    def place(self, span: Span) -> Place:
        """The place of a span of this text."""
        return Place(self.name, *span)

    def span_of(self, where: Stretch) -> Span:
        """Line and columns of a stretch; what spans lines is shown by its first character."""
        start, length = where >> BITS_OF_LENGTH, where & (1 << BITS_OF_LENGTH) - 1
        line = bisect_right(self._starts, start)
        column = start - self._starts[line - 1] + 1
        one_line = line == len(self._starts) or start + length < self._starts[line]
        return line, column, column + (length if length and one_line else 1)

    def lines_to(self, line: int, context: int = 1) -> tuple[str, ...]:
        """The line with this number and those before it."""
        return tuple(self._line(number) for number in range(max(line - context, 1), min(line, len(self._starts)) + 1))

    def _line(self, number: int) -> str:
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\n" + RARE_BREAKS)

    def problem(self, code: Code, message: str, span: Span, help: str | None = None) -> Problem:  # noqa: A002
        """A problem at a span of this text."""
        return Problem(code.code, message, self.place(span), help, code.severity, self.lines_to(span[0]))


Written: TypeAlias = tuple[Source, Stretch]
"""Where something is written."""
IDENTITIES = ("id", "Sid", "storage_class")
"""What items of lists are known by."""
NO_KEYS: Mapping[str | int, Stretch | Written] = {}

HAS_VARIABLE, HAS_NULL, HAS_RESPELLED = 1, 2, 4
"""What a value may hold: a text or name with ``${``; a null; a number that Python would write in another way.

Each value around it knows, so that nobody has to look through values that hold nothing of the kind.
"""


class Node:
    """A value with its place: what it is written with travels with it through merging."""

    __slots__ = ("holds", "keys", "source", "value", "where")

    def __init__(
        self,
        value: Any,
        where: Stretch,
        source: Source,
        keys: Mapping[str | int, Stretch | Written] = NO_KEYS,
        holds: int = 0,
    ) -> None:
        self.value = value
        """A scalar, a list of nodes, or a dict of nodes."""
        self.where = where
        self.source = source
        self.keys = keys
        """Where the keys of a mapping are written: in the same text, or, once it is merged, in another."""
        self.holds = holds
        """What may be found in it, as a sum: `HAS_VARIABLE`, `HAS_NULL`, `HAS_RESPELLED`."""

    def plain(self) -> Any:
        """The value without places."""
        value = self.value
        if isinstance(value, dict):
            return {name: child.plain() for name, child in value.items()}
        if isinstance(value, list):
            return [child.plain() for child in value]
        return value

    @property
    def start(self) -> int:
        """Where in its text it begins."""
        return self.where >> BITS_OF_LENGTH

    @property
    def span(self) -> Span:
        """Line and columns in its source."""
        return self.source.span_of(self.where)

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.source.place(self.span)

    def written(self, name: str | int) -> Written:
        """Where a key of this mapping is written."""
        where = self.keys[name]
        return (self.source, where) if isinstance(where, int) else where

    @property
    def size(self) -> int:
        """How many values this is, with all that it holds."""
        inside = self.value.values() if isinstance(self.value, dict) else self.value
        return 1 + (sum(child.size for child in inside) if isinstance(self.value, dict | list) else 0)

    def follow(self, path: Path) -> Iterator["tuple[Node, str | int | None]"]:
        """The nodes along a path as far as it is written, each with the part that leads on from it."""
        node = self
        for part in path:
            yield node, part
            child = node.child(part)
            if child is None:
                return
            node = child
        yield node, None

    def child(self, part: str | int) -> "Node | None":
        """The value under a key, at a position, or with an identity (`id`, `Sid`, `storage_class`)."""
        if isinstance(self.value, dict):
            return self.value.get(part)
        if not isinstance(self.value, list):
            return None
        if isinstance(part, int):
            return self.value[part] if part < len(self.value) else None
        return next((item for item in self.value if item.identity == part), None)

    @property
    def identity(self) -> str | None:
        """What this item of a list is known by; an empty text where it should have a name and has none."""
        if isinstance(self.value, dict):
            return next((self.value[name].text for name in IDENTITIES if name in self.value), "")
        return None

    @property
    def text(self) -> str:
        """A scalar as it is written."""
        return str(getattr(self.value, "written", self.value))

    def problem(
        self,
        code: Code,
        message: str,
        path: Path = (),
        help: str | None = None,  # noqa: A002
        at_key: bool = False,
    ) -> Problem:
        """A problem at the end of a path; `at_key` points at the name rather than the value."""
        *_, (node, unwritten) = self.follow(path)
        written: Written = (node.source, node.where)
        if at_key and path and unwritten is None:
            *_, (parent, _) = self.follow(path[:-1])
            written = parent.written(path[-1]) if path[-1] in parent.keys else written
        source, where = written
        return source.problem(code, message, source.span_of(where), help)
