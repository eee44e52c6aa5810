"""Names by a convention: ``<company>-<environment>-<purpose>-<region>``.

A name is followed through the convention place by place, so that the time it takes grows with both lengths only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, digits
from typing import NamedTuple

from reconciler.names import REGION_NAME

PLACE = re.compile(r"<([a-z][a-z0-9_]{0,31})>")
LITERAL = re.compile(r"[a-z0-9.-]*\Z")
MOST_PLACES = 10
LETTERS = frozenset(ascii_lowercase + digits)
IN_GENERAL = {"region": re.compile(rf"{REGION_NAME}\Z"), "account": re.compile(r"[0-9]{12}\Z")}
"""What stands in places that everybody knows."""


class Part(NamedTuple):
    """A piece of a convention: letters as they are, or a place for something."""

    text: str
    is_place: bool


class Misfit(NamedTuple):
    """Where a name leaves the convention: the furthest that it can be followed."""

    after: str
    """What of the name fits."""
    wanted: Part | None
    """What the convention has next; None where it is at its end."""


@lru_cache(maxsize=64)
def parts_of(convention: str) -> tuple[Part, ...]:
    """The pieces of a convention. Raises ValueError where it is none."""
    pieces = PLACE.split(convention)
    parts = tuple(Part(piece, position % 2 == 1) for position, piece in enumerate(pieces) if piece)
    if not all(part.is_place or LITERAL.match(part.text) for part in parts):
        raise ValueError("between the places there are lower-case letters, digits, dots and hyphens only")
    if not 1 <= sum(part.is_place for part in parts) <= MOST_PLACES:
        raise ValueError(f"a convention has 1 to {MOST_PLACES} places, like <environment>")
    return parts


def misfit(name: str, convention: str, words: Mapping[str, Sequence[str]]) -> Misfit | None:
    """Where a name leaves a convention; None where it fits. `words` says what may stand in a place."""
    parts = parts_of(convention)
    reached = {0}
    for part in parts:
        following = set(ends(name, reached, part, words))
        if not following:
            return Misfit(name[: max(reached)], part)
        reached = following
    return None if len(name) in reached else Misfit(name[: max(reached)], None)


def ends(name: str, starts: set[int], part: Part, words: Mapping[str, Sequence[str]]) -> Iterator[int]:
    """Where a piece can end that begins at one of these places."""
    known = words.get(part.text) if part.is_place else (part.text,)
    if known is not None:
        yield from (start + len(word) for start in starts for word in known if name.startswith(word, start))
    elif part.text in IN_GENERAL:
        shape = IN_GENERAL[part.text]
        yield from (end for start in starts for end in range(start, len(name) + 1) if shape.match(name, start, end))
    else:
        yield from ends_of_words(name, starts)


def ends_of_words(name: str, starts: set[int]) -> Iterator[int]:
    """Where words joined by single hyphens can end that begin at one of these places."""
    inside = joined = False
    for at, letter in enumerate(name):
        if letter in LETTERS:
            inside = inside or joined or at in starts
            joined = False
            if inside:
                yield at + 1
        else:
            inside, joined = False, inside and letter == "-"
