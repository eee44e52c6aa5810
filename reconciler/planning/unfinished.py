"""What runs of the past have left undone: what the next run tells, and whose word it need not ask for again.

All of it is about buckets, one by one. A bucket that a run has begun is finished when a run has written and seen all
that the spec asked of it, be it that run or a later one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.calls import AT_APPLY
from reconciler.aspects.markers import Internal, KeptFromLive, marker_of
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET
from reconciler.planning.live import Existence, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.runs import CREATE, DELETE, PastCall, PastRun
from reconciler.planning.sharding import Shard

FRESH = timedelta(hours=24)
"""For how long a bucket that a run has created counts as its own. After that, somebody may rely on what is in it."""
CLOCKS_DIFFER = timedelta(minutes=5)


def created_by_unfinished_run(
    records: Iterable[PastRun], account: str | None, endpoint: str | None, now: datetime
) -> frozenset[str]:
    """Buckets that a run of the last day has created, or may have, and that no run has finished since.

    Whether such a bucket exists is S3's to say: one that does not is simply created. A file that somebody else could
    have written is not believed: it could talk a run out of asking for consent.
    """
    begun: set[str] = set()
    for run in oldest_first(records, account, endpoint):
        is_fresh = now - FRESH <= run.at <= now + CLOCKS_DIFFER
        if is_fresh and run.is_private and not run.is_running:
            begun |= {call.intent.bucket for call in run.calls if run.made(call.intent.bucket, CREATE)}
        begun -= {name for name in begun if run.is_whole(name)}
    return frozenset(begun)


def forgotten(runs: Iterable[PastRun], names: Collection[str]) -> frozenset[str]:
    """Buckets that the last runs over the same specs described, and that none of these names is any more.

    `runs` is newest first. A run of one shard had its word about the names that belong to it, and of no other: of each
    name, the newest run counts that was about it. One that this run deleted is not forgotten: its spec has done its
    work.
    """
    found: set[str] = set()
    told: list[Shard] = []
    for run in runs:
        own = {name for name in run.begun.buckets if not any(shard.holds(name) for shard in told)}
        found |= {name for name in own if not run.made(name, DELETE, certainly=True)}
        if run.shard is None:
            break
        told += [run.shard] if run.shard not in told else []
        if sum(shard.total == run.shard.total for shard in told) == run.shard.total:
            break  # all shards of a number together are about every name
    return frozenset(found) - frozenset(names)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that did not get to its end, as far as it is about the buckets of this one."""

    run: PastRun
    calls: tuple[PastCall, ...]

    @property
    def answered(self) -> int:
        """Calls of which the run itself knew how they ended."""
        return sum(call.is_answered for call in self.calls)

    @property
    def unanswered(self) -> tuple[PastCall, ...]:
        """Calls that were about to be made, or were made, and of which nobody knows."""
        return tuple(call for call in self.calls if not call.is_answered)


def unfinished(
    records: Iterable[PastRun], account: str | None, endpoint: str | None, buckets: Collection[str]
) -> Unfinished | None:
    """The last run that did not get to its end, if it has left something undone in these buckets."""
    done: set[str] = set()
    for run in reversed(oldest_first(records, account, endpoint)):
        done |= {name for name in run.finished if run.is_whole(name)}
        if run.was_cut_off and not run.is_running:
            calls = tuple(
                call for call in run.calls if call.intent.bucket in buckets and call.intent.bucket not in done
            )
            if calls:
                return Unfinished(run, calls)
    return None


def begun_buckets(records: Iterable[PastRun], account: str | None, endpoint: str | None) -> frozenset[str]:
    """Buckets that a run has begun to write to, and that no run has finished since."""
    begun: set[str] = set()
    for run in oldest_first(records, account, endpoint):
        begun |= {call.intent.bucket for call in run.calls if not run.is_running}
        begun -= {name for name in begun if run.is_whole(name)}
    return frozenset(begun)


def oldest_first(records: Iterable[PastRun], account: str | None, endpoint: str | None) -> list[PastRun]:
    """The runs on one account of one S3, in the order in which they began."""
    return sorted((run for run in records if run.is_of(account, endpoint)), key=lambda run: (run.at, run.id))


# ── what came of a call ──────────────────────────────────────────────────────────────────────────────


class CameOf(StrEnum):
    """What the bucket itself shows of a call that was not answered."""

    TRUE = "it was done"
    NOT = "it was not done"
    OTHER = "somebody else has changed it since"
    UNKNOWN = "nobody can tell"


def came_of(call: PastCall, live: LiveBucket | None, around: Surroundings) -> CameOf:
    """What came of a call, by the live document."""
    if live is None or live.existence is Existence.UNCLEAR:
        return CameOf.UNKNOWN
    exists = live.existence is Existence.EXISTS
    if call.intent.aspect == BUCKET:
        wanted = {CREATE: True, DELETE: False}.get(call.intent.operation)
        return CameOf.UNKNOWN if wanted is None else CameOf.TRUE if wanted is exists else CameOf.NOT
    if not exists:
        return CameOf.OTHER
    found = live.aspects.get(call.intent.aspect, Unreadable("the spec says nothing of it any more", ""))
    if isinstance(found, Unreadable) or call.intent.aspect not in BucketSpec.aspects():
        return CameOf.UNKNOWN
    # a call may be a step of several: both where it leads and where the whole change leads are the run's own
    if is_now(call.intent.aspect, call.left, found, around) or is_now(call.intent.aspect, call.after, found, around):
        return CameOf.TRUE
    return CameOf.NOT if is_now(call.intent.aspect, call.before, found, around) else CameOf.OTHER


def is_now(aspect: str, document: LiveAspect, live: Aspect | None, around: Surroundings) -> bool:
    """Whether a bucket holds this document, by the aspect's own ``==``.

    What the writer left to the bucket (an ETag, the time of the apply) is the bucket's. Having none is, on AWS, also
    having what AWS calls none.
    """
    kind = BucketSpec.aspects()[aspect]
    if isinstance(document, Unreadable):
        return False
    if document is None or document.means_nothing:
        return live is None or live.means_nothing or kind.target_of_absence(live, around) == live
    if live is None:
        return False
    return document.model_copy(update=left_to_the_bucket(document, live)) == live


def left_to_the_bucket(document: Aspect, live: Aspect) -> Mapping[str, object]:
    """The live values of the fields that a document leaves open, and of those that only the server makes."""
    fields = type(document).model_fields.items()
    made = {name for name, info in fields if marker_of(info, Internal) is not None}
    kept = {name for name, info in fields if marker_of(info, KeptFromLive) is not None}
    open_ones = {name for name in kept if getattr(document, name) in (None, AT_APPLY)}
    return {name: getattr(live, name) for name in made | open_ones}
