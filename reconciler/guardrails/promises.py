"""Promises in the words of a manifest: for how long something is kept, at the least."""

import re
from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

NUMBER = r"(?P<number>[0-9]{1,5}|[a-z]{1,9}(?:-[a-z]{1,5})?)"
LEAST = r"(?P<least>at least |a minimum of |no less than |not less than )?"
KEPT = re.compile(
    rf"\b(?:(?:keep|keeps|kept|retain|retains|retained)(?: it| them| this| these| data| everything)? (?:for )?"
    rf"|retention(?: period)?(?::| of| is)? ){LEAST}{NUMBER} (?P<unit>day|week|month|year)s?\b",
    re.IGNORECASE,
)
"""``kept for at least two years``, ``Retention: 24 months``."""
SENTENCE = re.compile(r"[.;\n]")
CLAUSE = re.compile(r"[,:()]")
NOT = re.compile(r"\b(?:not|never|no|cannot|without)\b|n't\b", re.IGNORECASE)
MOST = re.compile(
    r"\b(?:at (?:the )?most|at (?:the )?latest|maximum|max|(?:no|not|never) (?:longer|more)|up to|or less)\b",
    re.IGNORECASE,
)
"""What makes a promise to keep one to delete, also behind a comma."""
ONLY = re.compile(r"(?<![\w-])only\b", re.IGNORECASE)
ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {"a": 1, "an": 1} | {word: number for number, word in enumerate((*ONES, *TEENS), 1)}
NUMBERS |= {word: ten for ten, word in zip(range(20, 100, 10), TENS, strict=True)}
NUMBERS |= {f"{ten}-{one}": NUMBERS[ten] + NUMBERS[one] for ten in TENS for one in ONES}
NEAR = 200
"""Characters before and behind a term in which its words are looked for."""
UNITS = {"day": (1, 1.0), "week": (7, 7.0), "month": (30, 365 / 12), "year": (365, 365.0)}
"""Days of a unit: the fewest that anybody means, and how many it has."""


class Term(NamedTuple):
    """How long something is to be kept."""

    days: int
    """The fewest that the words can mean."""
    usual: int
    """What to write for it."""


def promised(text: str) -> Term | None:
    """For how long a text says that something is kept, at the least; None where it does not say it.

    Of several terms the shortest: for what the longer ones are, nobody can tell.
    """
    return min(terms_in(text), default=None)


def terms_in(text: str) -> Iterator[Term]:
    """The terms of a text. "Kept for a year at most" and "must not be kept for a year" promise to delete."""
    for found in KEPT.finditer(text):
        word = found["number"].lower()
        number = int(word) if word.isdecimal() else NUMBERS.get(word, 0)
        if number and (found["least"] or not is_limited(text, found)):
            fewest, usual = UNITS[found["unit"].lower()]
            yield Term(number * fewest, ceil(number * usual))


def is_limited(text: str, found: re.Match[str]) -> bool:
    """Whether the words around a term make it the longest that something is kept."""
    start, end = found.span()
    before = CLAUSE.split(SENTENCE.split(text[max(start - NEAR, 0) : start])[-1])[-1]
    behind = SENTENCE.split(text[end : end + NEAR], maxsplit=1)[0]
    clause = CLAUSE.split(behind, maxsplit=1)[0]
    return any((NOT.search(before), ONLY.search(before), ONLY.search(clause), MOST.search(before), MOST.search(behind)))
