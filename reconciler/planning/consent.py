"""What needs somebody's word, beyond the word for the whole plan.

``--auto-approve`` says yes to a plan. It never says yes to the loss of an object: that is said for each
bucket, by ``--allow loses-data:BUCKET`` or by typing the bucket's name.
"""

from collections.abc import Iterable, Sequence

from reconciler.aspects.calls import Risk
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Change, Changeset, Plan


def needs_consent(changeset: Changeset) -> list[tuple[Plan, Change]]:
    """The changes that delete an object, or replace one that is not ours: what lay under the manifest's key."""
    return [(plan, change) for plan in changeset.plans for change in plan.changes if loses_an_object(change)]


def loses_an_object(change: Change) -> bool:
    """Whether an object that is there now will not be there any more."""
    if change.aspect == BUCKET:
        return False
    return change.risk is Risk.LOSES_DATA and BucketSpec.aspects()[change.aspect].api.of_object


def missing_consent(changeset: Changeset, allowed: Iterable[str]) -> Sequence[str]:
    """What still has to be allowed, as ``class:bucket``."""
    words = set(allowed)
    wanted = [f"{change.risk.value}:{plan.name}" for plan, change in needs_consent(changeset)]
    return [word for word in wanted if word not in words]
