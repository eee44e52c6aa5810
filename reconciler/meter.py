"""The meter of a run: told how far it has come, by whoever does the work, for whoever watches."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Traffic(Protocol):
    """What is known of the calls of a run while they are made."""

    retries: int

    @property
    def total(self) -> int:
        """How many requests were sent."""
        ...


class Meter(Protocol):
    """Told what takes time."""

    def lap(self, phase: str) -> None:
        """A phase of the run has ended here."""
        ...

    def over(self, what: str, total: int, traffic: Traffic) -> AbstractContextManager[Callable[[], None]]:
        """So many buckets are going to be worked on; what this gives is called for each that is done, in any thread."""
        ...


class Nobody:
    """Nobody watches."""

    def lap(self, phase: str) -> None:
        """Nothing is kept."""

    def over(self, what: str, total: int, traffic: Traffic) -> AbstractContextManager[Callable[[], None]]:
        """Nothing is shown."""
        return nullcontext(lambda: None)


NOBODY: Meter = Nobody()
