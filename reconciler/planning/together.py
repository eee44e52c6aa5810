"""What may only happen together: versions and the rules that delete, where one of the two is blocked.

Versions are kept before any rule changes, and given up last (`planning.order`). While one of the two cannot be done,
the other one alone would leave a bucket that loses more than the one before or the one that is asked for.
"""

from collections.abc import Collection, Iterator, Sequence

from reconciler.aspects.calls import Effect, Risk
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Blocker, Change

VERSIONING, LIFECYCLE = "versioning", "lifecycle"


def blockers(spec: BucketSpec, changes: Sequence[Change], blocked: Collection[str]) -> Iterator[Blocker]:
    """Why a change waits for another one; `blocked` are the aspects that are."""
    wanted = spec.versioning
    keeps = isinstance(wanted, Versioning) and wanted.status == "Enabled"
    for change in changes:
        gives_up = any(call.effect is Effect.LOOSEN for call in change.calls)
        if change.aspect == VERSIONING and gives_up and LIFECYCLE in blocked:
            why = "the rules that are there would then delete for good, and the new rules are blocked"
            yield Blocker(VERSIONING, why, "see what is said of the lifecycle")
        if change.aspect == LIFECYCLE and change.risk is Risk.LOSES_DATA and VERSIONING in blocked and keeps:
            why = "what the new rules delete may be gone for good, and versioning is blocked"
            yield Blocker(LIFECYCLE, why, "see what is said of versioning")
