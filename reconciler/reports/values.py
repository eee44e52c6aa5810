"""Values as people would write them, and how they are laid out."""

import json
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from reconciler.inert import inert
from reconciler.reports.style import Style

SIDE_BY_SIDE = 72
"""Columns up to which the members of a list stand in one line."""
NARROWEST = 24
"""Columns below which broken lines are harder to read than long ones."""
COLOURS = re.compile("\x1b\\[[0-9;]*m")


def value_text(value: Any) -> str:
    """A value on one line. Text stands in quotes only where it would not be told from something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "(none)"
    if isinstance(value, str):
        plain = value and inert(value) == value and value == value.strip() and not value.startswith('"')
        return value if plain else quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inert(str(name))}: {value_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(map(value_text, value)) or "[]"
    return str(value)


def quoted(text: str) -> str:
    """Text in quotes, on one line, and different for every text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inert(escaped)}"'


def texts_of(before: Any, after: Any) -> tuple[str, str]:
    """Two values that differ, as texts that differ: ``true`` and ``"true"``."""
    old, new = value_text(before), value_text(after)
    return (old, new) if old != new else (inert(json_text(before)), inert(json_text(after)))


def json_text(value: Any) -> str:
    """A value in JSON: different for values that differ, though Python takes 1 and true for equal."""
    return json.dumps(value, ensure_ascii=False)


def members(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any], int]:
    """The members of a list that go, those that come, and how many stay."""
    old, new = Counter(map(json_text, before)), Counter(map(json_text, after))
    gone, come = ([json.loads(text) for text in left.elements()] for left in (old - new, new - old))
    return gone, come, (old & new).total()


def spread(head: str, values: Iterable[str], width: int = 0) -> Iterator[str]:
    """Values side by side where they fit into the width, else one below the other."""
    listed = list(values)
    indent = " " * columns(head)
    joined = ", ".join(listed)
    if len(listed) < 2 or columns(joined) <= min(width - len(indent), SIDE_BY_SIDE):
        yield head + joined
        return
    for index, value in enumerate(listed):
        yield (head if index == 0 else indent) + value


def wrapped(head: str, text: str, style: Style, paint: Callable[[str], str] = str) -> Iterator[str]:
    """A text after its head; broken at words and indented where the style wraps."""
    indent = columns(head)
    room = style.width - indent
    if not style.wraps or columns(text) <= room or room < NARROWEST:
        yield head + paint(text)
        return
    for index, line in enumerate(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)):
        yield (head if index == 0 else " " * indent) + paint(line)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: colours take none, some letters two."""
    plain = COLOURS.sub("", text)
    return len(plain) if plain.isascii() else sum(map(columns_of, plain))


def columns_of(character: str) -> int:
    """Chinese letters and most pictures are two columns wide; an accent stands above the letter before it."""
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def padded(text: str, width: int) -> str:
    """The text with spaces up to a width."""
    return text + " " * (width - columns(text))


def count(number: int, noun: str) -> str:
    """``1 bucket``, ``2 buckets``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
