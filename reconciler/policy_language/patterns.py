"""Answers that may be missing, and patterns with `*` and `?` against texts of which a part may be unknown."""

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

GAP = "\0"
"""In a text: some characters that nobody here knows, like the path of a role."""
FILLED_GAP = "\1"
"""The same, as only `*` matches it: whoever matches this matches whatever stands there."""
VARIABLE = re.compile(r"\$\{[^}]*\}?")
"""A policy variable, which may be filled in with any text."""
STARS = re.compile(r"\*{2,}")
"""Several of them mean what one means, and take longer."""


class Sure(Enum):
    """An answer that may be missing."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


YES, NO, UNSURE = Sure.YES, Sure.NO, Sure.UNSURE
OPPOSITE = {YES: NO, NO: YES, UNSURE: UNSURE}


def sure(answer: bool) -> Sure:
    """An answer that is known."""
    return YES if answer else NO


def opposite(answer: Sure) -> Sure:
    """Not."""
    return OPPOSITE[answer]


def all_of(answers: Iterable[Sure]) -> Sure:
    """And: one no is enough, and nothing is asked after it."""
    found = YES
    for answer in answers:
        if answer is NO:
            return NO
        found = UNSURE if answer is UNSURE else found
    return found


def any_of(answers: Iterable[Sure]) -> Sure:
    """Or: one yes is enough."""
    return opposite(all_of(map(opposite, answers)))


SPECIAL = ("*", "?", GAP, FILLED_GAP)


@lru_cache(maxsize=65536)
def like(pattern: str, text: str) -> Sure:
    """Whether a pattern matches a text, whatever stands in the gaps of the text and for the variables of the pattern.

    A pattern with a variable is never certain to match; it may be certain not to.
    """
    if not can_match(VARIABLE.sub("*", pattern), text):
        return NO
    return sure(True) if "${" not in pattern and can_match(pattern, text.replace(GAP, FILLED_GAP)) else UNSURE


def can_match(pattern: str, text: str) -> bool:
    """Whether a pattern matches a text with some text in each of its gaps. Takes no longer than both lengths say."""
    alike = plain_beginning(pattern, text)
    pattern, text = pattern[alike:], text[alike:]
    if pattern == "*":
        return True
    reached = past_gaps({0}, text)
    for sign in STARS.sub("*", pattern):
        if sign == "*":
            reached = set(range(min(reached), len(text) + 1))
        else:
            reached = past_gaps({after for at in reached for after in step(sign, text, at)}, text)
        if not reached:
            return False
    return len(text) in reached


def plain_beginning(pattern: str, text: str) -> int:
    """How many letters both begin with that stand for nothing but themselves: most ARNs differ in the end only."""
    for at, (sign, letter) in enumerate(zip(pattern, text, strict=False)):
        if sign != letter or sign in SPECIAL:
            return at
    return min(len(pattern), len(text))


def step(sign: str, text: str, at: int) -> tuple[int, ...]:
    """How far a text is read once a sign of the pattern has been matched at this place."""
    letter = text[at : at + 1]
    if letter == GAP:
        return (at,)
    return (at + 1,) if letter and (sign == letter or (sign == "?" and letter != FILLED_GAP)) else ()


def past_gaps(reached: set[int], text: str) -> set[int]:
    """These places, and those behind gaps that end here."""
    return reached | {at + 1 for at in reached if text[at : at + 1] == GAP}


def same(value: str, text: str) -> Sure:
    """Whether two texts are equal; `*` and `?` are themselves."""
    if "${" in value:
        return like(value, text)
    if GAP in text:
        return UNSURE if can_match(text.replace(GAP, "*"), value) else NO
    return sure(value == text)


def same_ignoring_case(value: str, text: str) -> Sure:
    """Whether two texts are equal, upper or lower case."""
    return same(value.lower(), text.lower())


def like_arn(pattern: str, text: str) -> Sure:
    """Whether an ARN is like another one: each of the six parts between colons by itself.

    Source: IAM User Guide, "Condition operators" (ARN). What a pattern of fewer parts means is written nowhere.
    """
    parts, found = pattern.split(":", 5), text.split(":", 5)
    if len(found) < 6:
        return UNSURE
    if len(parts) < 6 or "${" in pattern:
        return all_of((like(pattern, text), UNSURE))
    return all_of(like(part, one) for part, one in zip(parts, found, strict=True))
