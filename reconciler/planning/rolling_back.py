"""What takes back a run: a spec that says what was there before, for people to review and apply like any other.

Only what the run wrote is said. As in `taking_over`, each document is turned into what a person would write and
compared with itself as a plan would; what no spec can say stays unsaid, with a remark.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.managed import ABSENT
from reconciler.aspects.markers import Derived, Internal, KeptFromLive, marker_of
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.runs import CREATE, DELETE, PastCall, PastRun
from reconciler.planning.taking_over import (
    Fields,
    TakenOver,
    about_the_bucket,
    as_written,
    troubles_with,
    what_mends,
)
from reconciler.planning.unfinished import is_now

AsRead = Callable[[Fields], Fields]
GONE = "the bucket is not there any more: this creates it again, empty, with what the run had written; all else is gone"


@dataclass(frozen=True, slots=True)
class Written:
    """One aspect that a run wrote: what there was, and what the run was to leave."""

    before: LiveAspect
    after: LiveAspect
    certainly: bool


@dataclass(frozen=True, slots=True)
class Rollback:
    """What takes back a run."""

    buckets: tuple[TakenOver, ...] = ()
    created: tuple[str, ...] = ()
    """Buckets that the run created and that are still there. Nothing deletes them but a spec that says so."""
    moved: tuple[tuple[str, str], ...] = ()
    """Aspects by bucket that somebody has changed since."""


def rolled_back(run: PastRun, live: Mapping[str, LiveBucket], identity: Identity, as_read: AsRead = dict) -> Rollback:
    """The specs of the buckets that a run wrote to, as they were before. `live` is what they hold now, whole."""
    buckets: list[TakenOver] = []
    created: list[str] = []
    moved: list[tuple[str, str]] = []
    for name in sorted({call.intent.bucket for call in run.calls}):
        calls = [call for call in run.calls if call.intent.bucket == name]
        found = live.get(name, LiveBucket(name, Existence.MISSING))
        if run.made(name, CREATE):
            created += [name] if found.existence is Existence.EXISTS else []
            continue
        around = surroundings(calls, identity)
        written = {
            aspect: one
            for aspect, one in written_by(calls).items()
            if one.certainly or not is_the_same(aspect, one.before, found, around)
        }
        moved += [(name, aspect) for aspect, one in written.items() if has_moved(aspect, one, found, around)]
        deleted = run.made(name, DELETE) and found.existence is not Existence.EXISTS
        if written or deleted:
            buckets.append(_Before(calls, written, found, identity, as_read).taken_over())
    return Rollback(tuple(buckets), tuple(created), tuple(moved))


def written_by(calls: Iterable[PastCall]) -> dict[str, Written]:
    """The aspects that calls on one bucket wrote: what there was before the first call, and what the last was to leave.

    A call that was refused wrote nothing; but the answer of one may have been lost and taken for a refusal.
    """
    found: dict[str, Written] = {}
    for call in calls:
        aspect = call.intent.aspect
        if aspect == BUCKET or call.came_true is False:
            continue
        first = found.get(aspect)
        before = first.before if first else call.before
        found[aspect] = Written(before, call.after, call.has_worked or bool(first and first.certainly))
    return found


def surroundings(calls: Iterable[PastCall], identity: Identity) -> Surroundings:
    """What the documents of a bucket may know of it."""
    intent = next(iter(calls)).intent
    spec = BucketSpec(name=intent.bucket, ignore_tags=intent.ignore_tags)
    return spec.surroundings(identity.account, intent.region)


def is_the_same(aspect: str, before: LiveAspect, found: LiveBucket, around: Surroundings) -> bool:
    """Whether the live document is known to be what there was before."""
    now = found.aspects.get(aspect)
    return not isinstance(now, Unreadable) and aspect in found.aspects and is_now(aspect, before, now, around)


def has_moved(aspect: str, one: Written, found: LiveBucket, around: Surroundings) -> bool:
    """Whether somebody has changed a document since: it is neither what the run left nor what there was before."""
    now = found.aspects.get(aspect)
    if isinstance(now, Unreadable) or aspect not in found.aspects or aspect not in BucketSpec.aspects():
        return False
    return not (is_now(aspect, one.before, now, around) or is_now(aspect, one.after, now, around))


class _Before:
    """One bucket as it was before a run, on its way to a spec."""

    def __init__(
        self,
        calls: list[PastCall],
        written: Mapping[str, Written],
        found: LiveBucket,
        identity: Identity,
        as_read: AsRead,
    ) -> None:
        intent = calls[0].intent
        self.identity = identity
        self.as_read = as_read
        self.written = written
        self.is_gone = found.existence is Existence.MISSING
        self.around = surroundings(calls, identity)
        images = {aspect: one.before for aspect, one in written.items()}
        others = {aspect: now for aspect, now in found.aspects.items() if not isinstance(now, Unreadable)}
        region = intent.region or found.region
        self.live = LiveBucket(intent.bucket, Existence.EXISTS, region, aspects={**others, **images})
        self.about: dict[str, Any] = about_the_bucket(self.live, identity)
        self.about |= {"ignore_tags": list(intent.ignore_tags)} if intent.ignore_tags else {}
        self.remarks: dict[str, str] = {}
        self.sayable: dict[str, Any] = {}

    def taken_over(self) -> TakenOver:
        """What a spec says of the bucket to have it as it was."""
        for aspect, one in self.written.items():
            self.say(aspect, one)
        said = self.tried(set(self.sayable))
        for aspect, one in self.written.items():
            self.say_nearest(aspect, one, said)
        everything = self.about | {name: self.sayable[name] for name in said}
        remarks = {name: " ".join(remark.split()) for name, remark in self.remarks.items()}
        return TakenOver(
            self.live.name,
            {name: everything[name] for name in BucketSpec.model_fields if name in everything},
            ({BUCKET: GONE} if self.is_gone else {}) | remarks,
        )

    def say(self, aspect: str, one: Written) -> None:
        """What a person would write of one document."""
        kind = BucketSpec.aspects().get(aspect)
        if kind is None:
            self.remarks[aspect] = "this version does not know it"
            return
        try:
            value = in_full(as_written(aspect, one.before, self.around), one)
            if value == ABSENT.value and isinstance(one.after, Aspect):
                refuse_elsewhere(kind, one.after)
        except ValueError as error:
            self.remarks[aspect] = str(error)
            return
        self.sayable |= {aspect: value} if value is not None else {}
        self.about |= one.before.said_beside() if isinstance(one.before, Aspect) else {}

    def tried(self, said: set[str]) -> set[str]:
        """The aspects that can be said. A manifest says in words what others say: they are said, too, where need be."""
        helpful: set[str] = set()
        for aspect, now in self.live.aspects.items():
            if aspect not in self.written:
                try:
                    value = as_written(aspect, now, self.around)
                except ValueError:
                    continue
                if value is not None:
                    self.sayable[aspect] = value
                    helpful.add(aspect)

        def troubles(names: Any) -> dict[str, str]:
            fields = self.about | {name: self.sayable[name] for name in self.sayable if name in names}
            return troubles_with(self.as_read(fields), self.live, self.identity)

        while found_wrong := troubles(said):
            mended = what_mends(said, helpful, len(found_wrong), troubles)
            if mended is not None:
                said = set(mended)
                continue
            self.remarks |= found_wrong
            left = said - found_wrong.keys()
            if left == said:  # what is wrong is the bucket itself, and nothing of it can be said
                return set()
            said, helpful = left, helpful - found_wrong.keys()
        return said

    def say_nearest(self, aspect: str, one: Written, said: set[str]) -> None:
        """The nearest thing to having none, where S3 has no way back to it."""
        nearest = BucketSpec.aspects()[aspect].nearest_to_absence() if aspect in BucketSpec.aspects() else None
        if nearest is not None and one.before is None and aspect not in said:
            self.sayable[aspect] = nearest
            self.remarks[aspect] = f"there was none, and S3 has no way back to that: `{nearest}` is as near as it gets"
            said.add(aspect)


def in_full(value: Any, one: Written) -> Any:
    """What is written of a document, with the switches that the run changed and that a spec may leave to the bucket."""
    before, after = one.before, one.after
    if not isinstance(before, Aspect) or value in (None, ABSENT.value) or isinstance(after, Unreadable):
        return value
    whole = before.model_dump(mode="json", by_alias=False)
    changed: dict[str, Any] = {}
    for name, info in type(before).model_fields.items():
        kept = marker_of(info, KeptFromLive)
        if kept is None or marker_of(info, Derived) is not None or marker_of(info, Internal) is not None:
            continue
        if getattr(before, name) not in (None, kept.default if after is None else getattr(after, name)):
            changed[name] = whole[name]
    if not changed:
        return value
    first = next(iter(type(before).model_fields))
    return (dict(value) if isinstance(value, Mapping) else {first: value}) | changed


def refuse_elsewhere(kind: type[Aspect], after: Aspect) -> None:
    """Raise ValueError where ``absent`` would be about another object than the one that the run made."""
    if dict(kind.get_params(after)) != dict(kind.get_params(None)):
        where = ", ".join(map(str, kind.get_params(after).values()))
        raise ValueError(f"there was none under {where}, and no spec can say so: delete it yourself if it is to go")
