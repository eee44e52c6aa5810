"""What became of a plan: an outcome for every change."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import ExitCode
from reconciler.planning.changeset import Change, Plan


class Result(StrEnum):
    """How one change ended."""

    APPLIED = "applied"
    """Written, and read back as it was meant."""
    UNVERIFIED = "unverified"
    """Written, and not yet visible when it was read back: S3's configuration is eventually consistent."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried, because something before it failed or the run was stopped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change and what became of it; `why` says what went wrong."""

    change: Change
    result: Result
    why: str = ""


@dataclass(frozen=True, slots=True)
class BucketOutcome:
    """One bucket's plan and what became of it."""

    plan: Plan
    outcomes: tuple[Outcome, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that the spec asks for has been written and seen."""
        return not self.plan.blockers and all(outcome.result is Result.APPLIED for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a whole run stopped before its next call, and what to do about it."""

    why: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a whole run."""

    buckets: tuple[BucketOutcome, ...]
    interrupted: bool = False
    at_once: bool = False
    """Whether it was interrupted twice: nobody has waited for the calls that were under way."""
    halted: Halt | None = None
    """What stopped all buckets alike: credentials that ended, a clock, a lock that was lost."""

    def outcomes(self) -> Iterator[Outcome]:
        """Every outcome of every bucket."""
        for bucket in self.buckets:
            yield from bucket.outcomes

    def count(self, result: Result) -> int:
        """How many changes ended like this."""
        return sum(outcome.result is result for outcome in self.outcomes())

    @property
    def exit_code(self) -> ExitCode:
        """Fine when everything was written and seen, partly applied when some of it was, else an error."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if all(bucket.is_whole for bucket in self.buckets):
            return ExitCode.FINE
        written = self.count(Result.APPLIED) + self.count(Result.UNVERIFIED)
        return ExitCode.PARTLY_APPLIED if written else ExitCode.ERROR
