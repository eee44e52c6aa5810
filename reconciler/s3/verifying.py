"""Reading back: whether what was written has come true, looked at until it has or there is no more time.

All changes of a bucket are waited for together. One look that agrees is enough as long as none disagrees. A
server that has shown the old document once may show it again (old and new in turns, after a lifecycle PUT:
ansible-collections/community.aws, s3_lifecycle.py), so from then on it takes several in a row. A new
bucket is there once it was seen, be it by a document that was read back from it.
"""

import logging
from collections.abc import Callable, Sequence

from reconciler.errors import ReconcileError
from reconciler.planning.changeset import BUCKET, Action, Blocker, Change, Plan
from reconciler.planning.outcomes import Outcome, Result
from reconciler.s3.looking import Looker, kind_of
from reconciler.s3.patience import Patience

IN_A_ROW = 3
"""Looks that have to agree one after another once one has not (terraform-provider-aws asks for as many)."""

log = logging.getLogger(__name__)


class Verifier:
    """Looks at changes that were written."""

    def __init__(self, looker: Looker, patience: Patience, ended: Callable[[ReconcileError], None]) -> None:
        self.looker = looker
        self.patience = patience
        self.ended = ended
        """Told of what ends the whole run."""

    def verify(self, plan: Plan, changes: Sequence[Change]) -> dict[str, Outcome]:
        """What became of each change, by aspect."""
        looks = [_Looks(change, self.within(plan, change)) for change in changes]
        looks.sort(key=lambda one: one.creates_the_bucket)
        started, pause = self.patience.clock(), self.patience.first_pause
        while True:
            for one in [one for one in looks if one.outcome is None]:
                if one.creates_the_bucket and any(other.shows_the_bucket for other in looks):
                    one.applied()
                else:
                    self.look(plan, one, self.patience.clock() - started)
            if all(one.outcome for one in looks):
                return {one.change.aspect: one.outcome for one in looks if one.outcome}
            pause = self.patience.longer(pause)

    def within(self, plan: Plan, change: Change) -> float:
        """How long to look for a change."""
        if change.aspect == BUCKET:
            return self.patience.newborn if change.action is Action.CREATE else self.patience.visible
        seconds: float = kind_of(plan, change).api.visible_within
        return seconds

    def look(self, plan: Plan, one: "_Looks", elapsed: float) -> None:
        """One more look."""
        if self.patience.stop.is_set():
            one.unverified("the run was stopped before it was read back")
            return
        try:
            one.count(self.looker.left_to_do(plan, one.change), elapsed)
        except ReconcileError as error:
            self.ended(error)
            one.unverified(f"reading it back failed: {error.message}")
        except Exception as error:  # it is written, whatever goes wrong now
            log.info("reading back %s of %s", one.change.aspect, plan.name, exc_info=True)
            one.unverified(f"reading it back failed: {error}")


class _Looks:
    """What the looks at one change have shown so far."""

    def __init__(self, change: Change, within: float) -> None:
        self.change = change
        self.within = within
        self.outcome: Outcome | None = None
        self.needed = 1
        self.agreed = 0

    @property
    def creates_the_bucket(self) -> bool:
        """Whether this is about a new bucket itself."""
        return self.change.aspect == BUCKET and self.change.action is Action.CREATE

    @property
    def shows_the_bucket(self) -> bool:
        """Whether a document was read back whole: then its bucket is there, and nobody has to ask for that."""
        return self.outcome is not None and self.outcome.result is Result.APPLIED and self.change.after is not None

    def count(self, left: Change | tuple[Blocker, ...], elapsed: float) -> None:
        """One more look has shown that this is left to do."""
        if left == ():
            self.agreed += 1
            if self.agreed >= self.needed:
                self.applied()
            return
        self.needed, self.agreed = 1 if self.creates_the_bucket else IN_A_ROW, 0
        if elapsed >= self.within:
            seen = left[0].why if isinstance(left, tuple) else "S3 still answers something else"
            self.unverified(f"{seen}, after {self.within:g} s")

    def applied(self) -> None:
        """It was seen."""
        self.outcome = Outcome(self.change, Result.APPLIED)

    def unverified(self, why: str) -> None:
        """It is written; that is all that is known."""
        self.outcome = Outcome(self.change, Result.UNVERIFIED, f"written; {why}")
