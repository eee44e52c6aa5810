"""The events of a run, written while it goes on: a line each, at once, from whichever thread."""

import sys
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO

from reconciler.cli.saved import in_place_of_a_link
from reconciler.reports import jsonl

if TYPE_CHECKING:
    from reconciler.planning.outcomes import Applied, BucketOutcome
    from reconciler.reports.review import Review

READING = {"Reading": "read", "Applying": "apply"}
"""What a meter calls it (`reconciler.run`), and what the events do."""


class Events:
    """A file, pipe or stream of events. One that cannot be written to is given up, and `trouble` says why."""

    def __init__(self, path: str, stream: TextIO | None = None) -> None:
        self.path = path
        self.trouble: str | None = None
        self._lock = Lock()
        self._stream = stream
        self._applies = False
        self._is_planned = False
        try:
            self._stream = stream if path == "-" else in_place_of_a_link(path).open("w", encoding="utf-8")
        except (OSError, ValueError) as error:
            self.trouble = getattr(error, "strerror", None) or str(error)
        self._write(jsonl.version())

    def _write(self, *events: jsonl.Event) -> None:
        with self._lock:
            for event in events:
                if self._stream is None:
                    return
                try:
                    self._stream.write(jsonl.line(event) + "\n")
                    self._stream.flush()
                except (OSError, ValueError) as error:  # whoever read it has left
                    self.trouble, self._stream = getattr(error, "strerror", None) or str(error), None

    def began(self, what: str, total: int) -> None:
        """A part of the run begins, by the meter's word for it."""
        if what in READING:
            self._applies = READING[what] == "apply"
            self._write(jsonl.begun(READING[what], total))

    def ended(self, what: str, total: int) -> None:
        """A part of the run is over; how an apply has ended is told by `applied`."""
        if READING.get(what) == "read":
            self._write(jsonl.read(total))

    def reviewed(self, review: "Review") -> None:
        """What is planned is known, once for all."""
        if not self._is_planned:
            self._is_planned = True
            self._write(*list(jsonl.events_of(review))[1:])

    def bucket_done(self, outcome: "BucketOutcome") -> None:
        """One bucket has been written."""
        self._write(jsonl.progress(outcome))

    def applied(self, outcome: "Applied") -> None:
        """All have been."""
        self._applies = False
        self._write(jsonl.ended(outcome))

    def stopped(self, problems: "Sequence[Any]") -> None:
        """The run has ended with these."""
        self._write(*map(jsonl.diagnostic, problems))
        if self._applies:
            self._write(jsonl.broken_off("; ".join(problem.message for problem in problems)))

    def close(self) -> None:
        """Nothing comes any more."""
        if self._stream is not None and self._stream is not sys.stdout:
            self._stream.close()


def streams(asked: Sequence[tuple[str, str]]) -> Iterator[Events]:
    """Those among the reports that are written while the run goes on."""
    return (Events(path, sys.stdout if path == "-" else None) for format_, path in asked if format_ == "jsonl")
