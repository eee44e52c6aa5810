"""What an apply tells while it writes: to whoever keeps a journal, or to nobody."""

from collections.abc import Mapping
from typing import Protocol

from reconciler.planning.changeset import Change, Plan
from reconciler.planning.live import LiveAspect
from reconciler.planning.order import Step
from reconciler.planning.outcomes import BucketOutcome


class Recorder(Protocol):
    """Hears of every call before it is made and after. Called from the threads of all buckets.

    Nothing that it does may stop a run: correctness never depends on what it keeps.
    """

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        """A call is about to be made; `before` is the document that it replaces. Kept safely before this returns."""

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        """The call was answered, or failed for this reason; the answer may have been lost."""

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        """Whether a change whose answer was lost has come true, as the bucket itself shows."""

    def finished(self, outcome: BucketOutcome) -> None:
        """All that is tried of one bucket has been tried."""


class Nobody:
    """Keeps nothing."""

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        """Nothing."""

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        """Nothing."""

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        """Nothing."""

    def finished(self, outcome: BucketOutcome) -> None:
        """Nothing."""


class ByAccount:
    """Tells those who keep something of one account each, by their account's id."""

    def __init__(self, recorders: Mapping[str | None, Recorder]) -> None:
        self.recorders = recorders

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        """A call is about to be made."""
        self.recorders[plan.account].begins(plan, step, before)

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        """The call was answered, or failed."""
        self.recorders[plan.account].ended(plan, step, error)

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        """Whether a change whose answer was lost has come true."""
        self.recorders[plan.account].resolved(plan, change, came_true)

    def finished(self, outcome: BucketOutcome) -> None:
        """All that is tried of one bucket has been tried."""
        self.recorders[outcome.plan.account].finished(outcome)
