"""What a new bucket has without a call of its own.

Tags and ownership travel with the call that creates it, and AWS gives every new bucket an encryption, a public access
block and an ownership. One look at each shows whether there is anything left to write.
"""

from collections.abc import Iterator

from reconciler.endpoints.profiles import AWS, SANDBOX
from reconciler.planning.changeset import BUCKET, Change, Plan
from reconciler.s3.looking import Looker, kind_of


class BornWith:
    """Looks at the new buckets of one run.

    A server that has not given something to the first bucket, nor to any other since, is not asked for it any more:
    it is written without a look.
    """

    def __init__(self, looker: Looker) -> None:
        self.looker = looker
        self.given: set[str] = set()
        """The aspects that some new bucket had."""
        self.missed: set[str] = set()
        """The aspects that some new bucket did not have."""

    def found(self, plan: Plan) -> Iterator[Change]:
        """The changes of a bucket that was just created which need no call: they are true already."""
        for change in plan.changes:
            if change.aspect != BUCKET and self.may_have_come(plan, change):
                has_come = self.looker.has_come_true(plan, change)
                (self.given if has_come else self.missed).add(change.aspect)
                if has_come:
                    yield change

    def may_have_come(self, plan: Plan, change: Change) -> bool:
        """Whether a look is worth its call."""
        if change.after is None or (change.aspect in self.missed and change.aspect not in self.given):
            return False
        gives = self.looker.reader.identity.profile in (AWS, SANDBOX)
        return bool(change.after.create_params()) or (gives and change.after == kind_of(plan, change).born())
