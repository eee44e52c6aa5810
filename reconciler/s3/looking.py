"""Looking at a bucket while it is being changed: its documents, and what is left to do for a change."""

import logging
from collections.abc import Callable
from typing import Any

from reconciler.planning.changeset import BUCKET, Action, Blocker, Change, Plan
from reconciler.planning.live import Existence, LiveAspect
from reconciler.planning.planner import compare
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader

log = logging.getLogger(__name__)


class Looker:
    """Reads what a plan is about, as it is now."""

    def __init__(self, reader: Reader, patience: Patience) -> None:
        self.reader = reader
        self.patience = patience

    def document(self, plan: Plan, change: Change) -> LiveAspect:
        """The live document; of a new bucket, which its sub-resources may not know yet, with patience."""

        def persist(call: Callable[[], Any]) -> Any:
            return self.patience.persist(call, newborn=not plan.exists)

        return self.reader.read_aspect(plan.spec, change.aspect, plan.region, persist)

    def left_to_do(self, plan: Plan, change: Change) -> Change | tuple[Blocker, ...]:
        """What still stands between the live bucket and this change; an empty tuple when it has come true."""
        if change.aspect != BUCKET:
            return left_of(plan, change, self.document(plan, change))
        found = self.reader.head(plan.spec)
        if change.action is Action.DELETE:
            gone = found.existence is Existence.MISSING
            return () if gone else (Blocker(BUCKET, "S3 still shows the bucket", ""),)
        there = found.existence is Existence.EXISTS
        why = found.trouble.why if found.trouble else "S3 does not show the bucket yet"
        return () if there else (Blocker(BUCKET, why, ""),)

    def has_come_true(self, plan: Plan, change: Change) -> bool:
        """Whether there is nothing left to do for a change; not when nobody can tell."""
        try:
            return self.left_to_do(plan, change) == ()
        except Exception:
            log.info("looking at %s of %s", change.aspect, plan.name, exc_info=True)
            return False


def left_of(plan: Plan, change: Change, found: LiveAspect) -> Change | tuple[Blocker, ...]:
    """What the spec still asks for, the document being this one; an empty tuple when there is nothing."""
    return compare(change.aspect, getattr(plan.spec, change.aspect), found, plan.around)


def kind_of(plan: Plan, change: Change) -> Any:
    """The aspect's class."""
    return type(plan.spec).aspects()[change.aspect]
