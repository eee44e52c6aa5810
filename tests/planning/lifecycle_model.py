"""A bucket under lifecycle rules, night by night: slow, plain, and written apart from `reconciler.planning.forecast`.

Every midnight, first what is current expires, then old versions are removed. What S3 says of a version is kept with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from reconciler.aspects.lifecycle import Filter, Rule
from reconciler.planning.forecast import Version

NIGHTS = 30
ALIVE, HIDDEN, DELETED = 0, 1, 2
Tags = Mapping[str, str]


@dataclass
class Kept:
    """One version in the bucket."""

    version: Version
    tags: Tags
    created: datetime
    old_since: datetime | None
    state: int = ALIVE

    @property
    def current(self) -> bool:
        return self.version.is_latest and self.state == ALIVE


def nights(now: datetime) -> list[datetime]:
    """The midnights to come."""
    first = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return [first + timedelta(days=number) for number in range(NIGHTS)]


def chooses(chosen: Filter, kept: Kept) -> bool:
    if chosen.prefix is not None and not kept.version.key.startswith(chosen.prefix):
        return False
    if chosen.object_size_greater_than is not None and kept.version.size <= chosen.object_size_greater_than:
        return False
    if chosen.object_size_less_than is not None and kept.version.size >= chosen.object_size_less_than:
        return False
    return all(kept.tags.get(key) == value for key, value in chosen.tags.items())


def expires_tonight(rule: Rule, kept: Kept, night: datetime) -> bool:
    end = rule.expiration
    if end is None or not chooses(rule.filter, kept):
        return False
    if end.days is not None and kept.created + timedelta(days=end.days) <= night:
        return True
    return end.date is not None and datetime.fromisoformat(end.date) <= night


def removed_tonight(rule: Rule, kept: Kept, above: int, night: datetime) -> bool:
    end = rule.noncurrent_version_expiration
    if end is None or kept.old_since is None or not chooses(rule.filter, kept):
        return False
    return kept.old_since + timedelta(days=end.noncurrent_days or 0) <= night and above >= (
        end.newer_noncurrent_versions or 0
    )


def one_night(stack: list[Kept], rules: Sequence[Rule], status: str | None, night: datetime) -> None:
    """What happens to the versions of one key."""
    for kept in stack:
        data_on_top = kept.current and not kept.version.is_delete_marker
        if data_on_top and any(expires_tonight(rule, kept, night) for rule in rules):
            expire(kept, stack, status, night)
    if status is not None:
        remove_old(stack, rules, night)


def expire(kept: Kept, stack: list[Kept], status: str | None, night: datetime) -> None:
    """A delete marker comes on top, or, without versions, the object goes. A null marker replaces the null version."""
    for other in stack if status == "Suspended" else ():
        if other.version.is_null and not other.version.is_delete_marker:
            other.state = DELETED
    if status is None:
        kept.state = DELETED
    elif kept.state == ALIVE:
        kept.state, kept.old_since = HIDDEN, night


def remove_old(stack: list[Kept], rules: Sequence[Rule], night: datetime) -> None:
    """What rules about old versions do."""
    for place, kept in enumerate(stack):
        if kept.version.is_delete_marker or kept.current or kept.state == DELETED:
            continue
        above = [other for other in stack[:place] if not other.version.is_delete_marker and other.old_since is not None]
        if any(removed_tonight(rule, kept, len(above), night) for rule in rules):
            kept.state = DELETED


def simulated(
    versions: Sequence[Version], tags: Sequence[Tags], rules: Iterable[Rule], status: str | None, now: datetime
) -> list[list[int]]:
    """The state of each version after each of the nights."""
    acting = [rule for rule in rules if rule.status == "Enabled"]
    stacks: list[list[Kept]] = []
    for _, group in groupby(zip(versions, tags, strict=True), key=lambda pair: pair[0].key):
        stack: list[Kept] = []
        for version, own in group:
            created = datetime.fromtimestamp(version.modified, UTC)
            above = stack[-1].created if stack else created
            stack.append(Kept(version, own, created, None if version.is_latest else above))
        stacks.append(stack)
    histories: list[list[int]] = [[] for _ in versions]
    for night in nights(now):
        for stack in stacks:
            one_night(stack, acting, status, night)
        for history, kept in zip(histories, (kept for stack in stacks for kept in stack), strict=True):
            history.append(kept.state)
    return histories
