"""Problems and their codes: what a person is told, where, and what a code means.

A `Code` is written once, beside the rule that it names: an aspect's codes in the aspect's own file, those
of YAML beside the reader. A `Problem` is one case of it, with its place. Nothing here knows how problems
are found or printed.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

LONGEST_WORD = 100
"""Characters. Nothing longer is a misspelled name, and comparing it would take its time."""


class Severity(StrEnum):
    """An error stops the run; a warning is shown and the run goes on."""

    ERROR = "error"
    WARNING = "warning"


class Code(NamedTuple):
    """A kind of problem: ``RCL####``, a title, and what ``reconcile explain`` says about it."""

    code: str
    title: str
    explanation: str
    severity: Severity = Severity.ERROR


class Place(NamedTuple):
    """Where something is written. Lines and columns count from 1, as editors do."""

    file: str
    line: int
    column: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that is wrong: its code, one sentence, its place, and what to do."""

    code: str
    message: str
    place: Place | None = None
    help: str | None = None
    severity: Severity = Severity.ERROR
    lines: tuple[str, ...] = ()
    """The written lines that end with the one at `place`, to be shown above the caret."""

    @property
    def is_error(self) -> bool:
        """Whether this stops the run."""
        return self.severity is Severity.ERROR


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by file, line and column, without repetition; those without a place first."""
    nowhere = Place("", 0, 0, 0)
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.place or nowhere, problem.code, problem.message)))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that is meant by a misspelled one, if one is near enough."""
    if len(word) > LONGEST_WORD:
        return None
    from difflib import get_close_matches  # only whoever makes a mistake pays for it

    candidates = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), candidates, n=1, cutoff=0.7)
    return candidates[near[0]] if near else None
