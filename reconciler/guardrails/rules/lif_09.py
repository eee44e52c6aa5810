"""LIF-09: no action of a lifecycle rule is lost behind that of another rule."""

from collections.abc import Iterator
from functools import lru_cache
from math import inf

from reconciler.aspects.lifecycle import WATERFALL, Lifecycle
from reconciler.aspects.lifecycle_losses import as_many, as_soon, covers, expires, sizes
from reconciler.guardrails.lifecycle_rules import Acting, Path, Shelves, days_in_words, rules_of
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity

SIZES_UNSAID: tuple[float, float] = (-1, inf)


def check(subject: Subject) -> Iterator[Offence]:
    """Actions that never happen, or happen twice, because another rule is about the same objects."""
    lifecycle = subject.value("lifecycle")
    if isinstance(lifecycle, Lifecycle):
        yield from lost_in(lifecycle)


@lru_cache(maxsize=256)
def lost_in(lifecycle: Lifecycle) -> tuple[Offence, ...]:
    """What is lost in one lifecycle, found out once: the buckets of a fleet share it."""
    rules = list(rules_of(lifecycle))
    shelves = Shelves(rules)
    found: dict[Path, Offence] = {}
    for position, one in enumerate(rules):
        for other_position, other in shelves.covering(one.rule.filter):
            if other is not one:
                both = other_position > position and covers(one.rule.filter, other.rule.filter)
                for offence in lost_behind(one, other, both):
                    found.setdefault(offence.path, offence)
    return tuple(found.values())


def lost_behind(one: Acting, other: Acting, both: bool) -> Iterator[Offence]:
    """What one rule says in vain, because the other is about all of its objects.

    With `both`, each covers the other, and what both do alike is told of the later one only.
    """
    yield from lost_endings(one, other, both)
    yield from lost_moves(one, other, both)


def lost_endings(one: Acting, other: Acting, both: bool) -> Iterator[Offence]:
    """Expirations and clean-ups that come no sooner than those of the other rule."""
    end, sooner = one.rule.expiration, other.rule.expiration
    if end and sooner and expires(end) and as_soon(sooner, end) and not (both and as_soon(end, sooner)):
        yield Offence((*one.path, "expiration"), f"{one.name} never expires anything: {other.name} does so no later")
    old_end, old_sooner = one.rule.noncurrent_version_expiration, other.rule.noncurrent_version_expiration
    if old_end and old_sooner and as_many(old_sooner, old_end) and not (both and as_many(old_end, old_sooner)):
        said = f"{one.name} never removes an old version: {other.name} does so no later"
        yield Offence((*one.path, "noncurrent_version_expiration"), said)
    uploads, uploads_sooner = one.rule.abort_incomplete_multipart_upload, other.rule.abort_incomplete_multipart_upload
    if uploads and uploads_sooner:
        days, earlier = uploads.days_after_initiation or 0, uploads_sooner.days_after_initiation or 0
        if earlier <= days and not (both and earlier == days):
            said = f"{one.name} never removes an unfinished upload: {other.name} does so no later"
            yield Offence((*one.path, "abort_incomplete_multipart_upload"), said)


def lost_moves(one: Acting, other: Acting, both: bool) -> Iterator[Offence]:
    """Transitions of objects that the other rule has deleted by then, or moved as far down."""
    gone = other.expires_after
    for move in one.rule.transitions:
        if move.days is None:
            continue
        path = (*one.path, "transitions", move.storage_class)
        if gone is not None and gone <= move.days:
            said = f"{one.name} never moves anything to {move.storage_class}: {other.name} deletes it after "
            yield Offence(path, said + days_in_words(gone))
            continue
        depth = WATERFALL.index(move.storage_class)
        for earlier in other.rule.transitions if moves_all_of(one, other) else ():
            if earlier.days is None or earlier.days > move.days or WATERFALL.index(earlier.storage_class) < depth:
                continue
            if both and (earlier.days, earlier.storage_class) == (move.days, move.storage_class):
                continue
            said = f"{one.name} never moves anything to {move.storage_class}: {other.name} moves it to "
            yield Offence(path, f"{said}{earlier.storage_class} after {days_in_words(earlier.days)}")


def moves_all_of(one: Acting, other: Acting) -> bool:
    """Whether the other rule moves whatever this one moves: who says no size does not move small objects."""
    return sizes(other.rule.filter) != SIZES_UNSAID or sizes(one.rule.filter) == SIZES_UNSAID


RULE = Rule(
    id="LIF-09",
    title="No lifecycle rule is lost behind another one",
    why="Where several rules are about one object, the shorter expiration wins, deleting wins over moving, and of two "
    "moves the cheaper class wins (S3 User Guide, *How Amazon S3 handles conflicts in lifecycle configurations*). A "
    "rule for `raw/` that keeps objects for years does nothing beside one for all objects that expires them after a "
    "month: what looks like a longer retention is none.",
    mend="Give the wider rule a filter that leaves the others' objects out, or remove what never happens.",
    check=check,
    severity=Severity.WARNING,
)
