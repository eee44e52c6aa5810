"""Values as people would write them, and how they are laid out."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.reports.inert import inert
from reconciler.reports.style import Style

NARROWEST = 24
"""Columns below which broken lines are harder to read than long ones."""
COLOURS = re.compile("\x1b\\[[0-9;]*m")


def value_text(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "(none)"
    if isinstance(value, str):
        text = inert(value)
        return f'"{text}"' if not text or text != text.strip() else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inert(str(name))}: {value_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(map(value_text, value)) or "[]"
    return str(value)


def spread(head: str, values: Iterable[str], width: int = 0) -> Iterator[str]:
    """Values side by side where they fit into the width, else one below the other."""
    listed = list(values)
    indent = " " * visible_length(head)
    joined = ", ".join(listed)
    if len(listed) < 2 or (width and len(joined) + len(indent) <= width):
        yield head + joined
        return
    for index, value in enumerate(listed):
        yield (head if index == 0 else indent) + value


def wrapped(head: str, text: str, style: Style) -> Iterator[str]:
    """A text after its head; broken at words and indented where the style wraps."""
    room = style.width - visible_length(head)
    if not style.wraps or len(text) <= room or room < NARROWEST:
        yield head + text
        return
    for index, line in enumerate(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)):
        yield (head if index == 0 else " " * visible_length(head)) + line


def visible_length(text: str) -> int:
    """The length of a text without its colours."""
    return len(COLOURS.sub("", text))


def count(number: int, noun: str) -> str:
    """``1 bucket``, ``2 buckets``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
