"""A recorder that keeps what it hears, for tests."""

from dataclasses import dataclass, field
from threading import Lock

from reconciler.planning.changeset import Change, Plan
from reconciler.planning.digests import digest_of_live
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.order import Step
from reconciler.planning.outcomes import BucketOutcome


@dataclass
class Notes:
    """What an apply has told, in order."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    before: dict[str, LiveAspect] = field(default_factory=dict)
    """The last document that a call of each aspect was told to replace."""
    lock: Lock = field(default_factory=Lock)

    def note(self, *words: str) -> None:
        with self.lock:
            self.told.append(words)

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        assert not isinstance(before, Unreadable)
        digest_of_live(before)
        self.before[step.change.aspect] = before
        self.note("begins", step.call.operation)

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        self.note("ended", step.call.operation, error or "")

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        self.note("resolved", change.aspect, str(came_true))

    def finished(self, outcome: BucketOutcome) -> None:
        self.note("finished", outcome.plan.name)

    def of(self, what: str) -> list[tuple[str, ...]]:
        return [words[1:] for words in self.told if words[0] == what]
