"""What a change of lifecycle rules loses: what is deleted that was not, or sooner, a sentence each.

Where rules overlap, S3 honours the shorter expiration (S3 User Guide, "How Amazon S3 handles conflicts in lifecycle
configurations"). So a rule loses something unless an enabled rule of before, by whatever name, deleted all of it at
least as soon. Transitions never delete; delete markers and unfinished uploads are no data.
"""

from collections.abc import Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from reconciler.aspects.lifecycle_names import with_ids
from reconciler.aspects.lifecycle_words import when

if TYPE_CHECKING:
    from reconciler.aspects.lifecycle import Expiration, Filter, NoncurrentVersionExpiration, Rule


class Loss(NamedTuple):
    """One thing that is deleted which was not, or sooner."""

    rule: "Rule"
    sentence: str


def losses(before: "Sequence[Rule]", after: "Sequence[Rule]") -> Iterator[Loss]:
    """What the rules of after delete beyond those of before."""
    old, new = with_ids(before), with_ids(after, before)
    acting = [rule for rule in old if rule.status == "Enabled"]
    namesakes = {rule.id: rule for rule in old}
    for rule in new:
        if rule.status == "Enabled":
            yield from losses_of(rule, namesakes.get(rule.id), acting)


def losses_of(rule: "Rule", namesake: "Rule | None", acting: "Sequence[Rule]") -> Iterator[Loss]:
    """What one rule deletes beyond all that acted before; `namesake` is the rule of before by the same name."""
    covering = [other for other in acting if covers(other.filter, rule.filter)]
    end = rule.expiration
    if end is not None and expires(end):
        had = [other.expiration for other in covering if other.expiration is not None and expires(other.expiration)]
        if not any(as_soon(other, end) for other in had):
            wider = namesake is not None and namesake.expiration is not None and as_soon(namesake.expiration, end)
            yield Loss(rule, told(rule, namesake if wider else None, namesake, "", deleted(end, had)))
    old_end = rule.noncurrent_version_expiration
    if old_end is not None:
        kept = [other.noncurrent_version_expiration for other in covering if other.noncurrent_version_expiration]
        if not any(as_many(other, old_end) for other in kept):
            was = namesake.noncurrent_version_expiration if namesake is not None else None
            wider = was is not None and as_many(was, old_end)
            said = deleted_versions(old_end, was if was in kept else next(iter(kept), None))
            yield Loss(rule, told(rule, namesake if wider else None, namesake, "old versions of ", said))


# ── which deletes more ───────────────────────────────────────────────────────────────────────────────


def expires(end: "Expiration") -> bool:
    """Whether current versions are deleted. Removing delete markers without versions deletes no data."""
    return end.days is not None or end.date is not None


def covers(wide: "Filter", narrow: "Filter") -> bool:
    """Whether whatever the one filter chooses, the other chooses too."""
    (wide_from, wide_to), (narrow_from, narrow_to) = sizes(wide), sizes(narrow)
    return (
        (narrow.prefix or "").startswith(wide.prefix or "")
        and wide.tags.items() <= narrow.tags.items()
        and wide_from <= narrow_from
        and narrow_to <= wide_to
    )


def sizes(chosen: "Filter") -> tuple[float, float]:
    """Between which sizes, both excluded, objects are chosen. An empty object is larger than -1 bytes."""
    lower, upper = chosen.object_size_greater_than, chosen.object_size_less_than
    return -1 if lower is None else lower, inf if upper is None else upper


def as_soon(old: "Expiration", new: "Expiration") -> bool:
    """Whether the old expiration deleted at least as soon, whatever the day is."""
    by_days = new.days is None or (old.days is not None and old.days <= new.days)
    by_date = new.date is None or (old.date is not None and old.date <= new.date)
    return expires(old) and by_days and by_date


def as_many(old: "NoncurrentVersionExpiration", new: "NoncurrentVersionExpiration") -> bool:
    """Whether the old expiration deleted old versions at least as soon, and kept no more of them."""
    sooner = (old.noncurrent_days or 0) <= (new.noncurrent_days or 0)
    return sooner and (old.newer_noncurrent_versions or 0) <= (new.newer_noncurrent_versions or 0)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────


def told(rule: "Rule", widened: "Rule | None", namesake: "Rule | None", kind: str, said: str) -> str:
    """What is deleted, and by which rule; `widened` did the same before, and to less."""
    subject = f"{kind}{objects(rule.filter)}"
    if namesake is None:
        return f"{subject} are {said} (new rule {rule.id})"
    if namesake.status == "Disabled":
        return f"{subject} are {said} (rule {rule.id}, now enabled)"
    if widened is None:
        return f"{subject} are {said} (rule {rule.id})"
    if covers(rule.filter, widened.filter):
        return f"rule {rule.id} now also covers {beyond(widened.filter, rule.filter)}: {subject} are {said}"
    return f"rule {rule.id} is no longer about {objects(widened.filter)}: {subject} are {said}"


def objects(chosen: "Filter") -> str:
    """The objects that a filter chooses."""
    words = [f"objects under {chosen.prefix}" if chosen.prefix else "all objects"]
    if chosen.tags:
        words.append("tagged " + listed(chosen.tags))
    if chosen.object_size_greater_than is not None:
        words.append(f"over {chosen.object_size_greater_than:,} bytes")
    if chosen.object_size_less_than is not None:
        words.append(f"under {chosen.object_size_less_than:,} bytes")
    return " ".join(words)


def listed(tags: dict[str, str]) -> str:
    """Tags by key."""
    return ", ".join(f"{key}={tags[key]}" for key in sorted(tags))


def beyond(narrow: "Filter", wide: "Filter") -> str:
    """What the wide filter chooses and the narrow one does not."""
    words = []
    if (narrow.prefix or "") != (wide.prefix or ""):
        words.append(f"{f'what is under {wide.prefix} and' if wide.prefix else 'everything'} outside {narrow.prefix}")
    gone = {key: value for key, value in narrow.tags.items() if key not in wide.tags}
    if gone:
        words.append(f"objects that are not tagged {listed(gone)}")
    (narrow_from, narrow_to), (wide_from, wide_to) = sizes(narrow), sizes(wide)
    if narrow_from != wide_from:
        words.append(f"objects of {narrow_from:,} bytes or less")
    if narrow_to != wide_to:
        words.append(f"objects of {narrow_to:,} bytes or more")
    return " and ".join(words)


def deleted(end: "Expiration", had: "Sequence[Expiration]") -> str:
    """When current versions are deleted, and when they were; a date stands for as long as its rule does."""
    days = [other.days for other in had if other.days is not None]
    dates = [other.date for other in had if other.date is not None]
    was = f", not {min(days)}" if days else f", not {since(min(dates))}" if dates else ""
    if end.date is None:
        return f"deleted {when(end.days, None)}{was}"
    was = f", not {when(min(days), None)}" if days else was
    return f"deleted {since(end.date)}, or at the next midnight if that has passed, for as long as the rule stands{was}"


def since(date: str) -> str:
    """From a day on."""
    return f"from {date.removesuffix('T00:00:00Z')} on"


def deleted_versions(end: "NoncurrentVersionExpiration", had: "NoncurrentVersionExpiration | None") -> str:
    """When old versions are deleted and how many are kept, and how it was."""
    days, newest = end.noncurrent_days or 0, end.newer_noncurrent_versions or 0
    said = f"deleted {when(days, None)}"
    if had is None:
        return said + (f"; the newest {newest} are kept" if newest else "")
    had_days, had_newest = had.noncurrent_days or 0, had.newer_noncurrent_versions or 0
    said += f", not {had_days}" if days < had_days else ""
    if newest < had_newest:
        kept = f"only the newest {newest} are" if newest else "none is"
        return f"{said}; {kept} kept, not {had_newest}"
    return said + (f"; the newest {newest} are kept" if newest else "")
