"""How far the lane of a bucket has come: what was written, what failed, what is under way."""

from collections.abc import Callable, Sequence
from threading import Event, Lock

from reconciler.aspects.calls import Call
from reconciler.planning.changeset import Change, Plan
from reconciler.planning.order import Step
from reconciler.planning.outcomes import BucketOutcome, Outcome, Result

STOPPED = "the run was stopped"


class StoppedError(Exception):
    """The run was stopped before a call was begun: it is not made, and nothing has failed."""


class Progress:
    """What has been done of one plan so far. Its lane writes it; whoever stops the run at once reads it."""

    def __init__(self, plan: Plan, may_begin: Callable[[], bool] = lambda: True) -> None:
        self.plan = plan
        self.may_begin = may_begin
        self.failures: dict[str, str] = {}
        self.seen: set[str] = set()
        self._made: dict[str, list[Call]] = {change.aspect: [] for change in plan.changes}
        self._under_way: Step | None = None
        self._lock = Lock()

    @property
    def failed(self) -> str:
        """The aspect that failed, if one did."""
        return next(iter(self.failures), "")

    def made(self, change: Change) -> Sequence[Call]:
        """The calls of a change that have been made."""
        return tuple(self._made[change.aspect])

    def write(self, step: Step) -> None:
        """A call has been made."""
        self._made[step.change.aspect].append(step.call)

    def see(self, change: Change) -> None:
        """The change has come true without a call of its own."""
        self._made[change.aspect] = list(change.calls)
        self.seen.add(change.aspect)

    def fail(self, change: Change, why: str) -> None:
        """A call has failed."""
        self.failures[change.aspect] = why

    def is_done(self, change: Change) -> bool:
        """Whether no call of this change is left to make."""
        return len(self._made[change.aspect]) == len(change.calls)

    def written(self) -> tuple[Change, ...]:
        """The changes that were written whole, and not seen yet."""
        return tuple(
            change
            for change in self.plan.changes
            if self.is_done(change) and change.aspect not in self.seen and change.aspect not in self.failures
        )

    # ── what is under way ────────────────────────────────────────────────────────────────────────────

    def begin(self, step: Step, stop: Event) -> None:
        """A call is about to be made, unless the run has been stopped: nobody sees it between the two."""
        with self._lock:
            if stop.is_set() or not self.may_begin():
                raise StoppedError
            self._under_way = step

    def end(self) -> None:
        """The call is not under way any more."""
        with self._lock:
            self._under_way = None

    # ── what became of it ────────────────────────────────────────────────────────────────────────────

    def outcome(self, change: Change, verified: Outcome | None) -> Outcome:
        """What became of one change; `verified` is what reading it back has shown."""
        if change.aspect in self.failures:
            return Outcome(change, Result.FAILED, self.failures[change.aspect])
        if not self.is_done(change):
            return Outcome(change, Result.SKIPPED, f"after {self.failed} failed" if self.failed else STOPPED)
        return verified or Outcome(change, Result.APPLIED)

    def left_at_once(self) -> BucketOutcome:
        """What is known of a lane that nobody waits for any more."""
        with self._lock:
            under_way = self._under_way
            return BucketOutcome(self.plan, tuple(self._left(change, under_way) for change in self.plan.changes))

    def _left(self, change: Change, under_way: Step | None) -> Outcome:
        if under_way is not None and under_way.change.aspect == change.aspect:
            why = f"{under_way.call.operation} was under way: nobody has waited for its answer"
            return Outcome(change, Result.FAILED, why)
        unread = Outcome(change, Result.UNVERIFIED, f"written; {STOPPED} before it was read back")
        return self.outcome(change, None if change.aspect in self.seen else unread)
