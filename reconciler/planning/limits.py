"""How much one run may do: the limits of `reconcile.yaml`, and what of a plan is beyond them.

A limit is no opinion about a change: it is the distance between what somebody meant to do and what a mistake in a
variable, a default or a path would do.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from pydantic import ValidationError

from reconciler.planning.changeset import Changeset, Plan
from reconciler.planning.needs import Kind, Need
from reconciler.problems import did_you_mean
from reconciler.settings import Limits
from reconciler.sizes import bytes_in, in_units

MOST = "999999999PiB"
"""What to write for a limit of bytes that is none."""
WITHOUT_END = bytes_in(MOST) or 0
FLEET = 10
"""Buckets from which on a share of them means anything."""


class NoSuchLimitError(ValueError):
    """A limit that does not exist, or a value that it cannot have."""


def lifted(limits: Limits, words: Mapping[str, str]) -> Limits:
    """The limits with some of them replaced for this run. Raises `NoSuchLimitError`, which says what is wrong."""
    for name, value in words.items():
        if name not in Limits.model_fields:
            near = did_you_mean(name, list(Limits.model_fields))
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(Limits.model_fields)}"
            raise NoSuchLimitError(f"there is no limit `{name}`: {hint}")
        try:
            limits = limits.model_copy(update={name: getattr(Limits.model_validate({name: value}), name)})
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise NoSuchLimitError(f"`{value}` is no value for {name}: {said}") from error
    return limits


class Excess(NamedTuple):
    """One limit that a plan is beyond."""

    name: str
    said: str
    """What was found."""
    allowed: str
    flag: object
    """What to lift the limit to."""


class Tally(NamedTuple):
    """What of a plan is counted for the limits."""

    whole: int
    """All buckets of the plan."""
    changed: int
    """Existing buckets that change, and stay."""
    deleted: int
    expiring: int
    """Bytes that would go within 30 days, as far as anybody can tell."""
    untold: int
    """Buckets of which nobody can tell how much would go."""
    forgotten: tuple[str, ...]
    """Buckets that no spec describes any more."""
    is_chosen: bool
    """Whether somebody has named the buckets one by one."""
    shards: int = 1
    """Into how many parts the fleet is shared out, of which this is one."""


def exceeded(changeset: Changeset, limits: Limits, forgotten: Collection[str] = ()) -> tuple[Need, ...]:
    """The limits that this plan is beyond; `forgotten` names buckets that no spec describes any more."""
    return tuple(beyond_limits(tally_of(changeset, forgotten), limits))


def tally_of(changeset: Changeset, forgotten: Collection[str] = ()) -> Tally:
    """What of this plan is counted."""
    found = [plan.evidence for plan in changeset.plans if plan.evidence]
    return Tally(
        whole=len(changeset.plans),
        changed=sum(is_changed(plan) for plan in changeset.plans),
        deleted=sum(plan.deletes for plan in changeset.plans),
        expiring=sum(one.bytes_within_30_days for one in found),
        untold=sum(one.forecast is None or not one.complete for one in found),
        forgotten=tuple(sorted(forgotten)),
        is_chosen=bool(changeset.inputs.targets),
        shards=changeset.inputs.part.shard.total if changeset.inputs.part else 1,
    )


def shared_out(limits: Limits, shards: int) -> Limits:
    """The limits of one of so many shards: its part of each number, rounded up; a share stays what it is.

    Nothing more may be done because the work was shared out.
    """
    counts = ("buckets_changed", "buckets_deleted", "buckets_forgotten", "bytes_expiring")
    parts = {name: -(-getattr(limits, name) // shards) for name in counts}
    if limits.bytes_expiring >= WITHOUT_END:
        parts["bytes_expiring"] = limits.bytes_expiring
    return limits.model_copy(update=parts)


def beyond_limits(tally: Tally, limits: Limits) -> Iterator[Need]:
    """The limits that so much is beyond."""
    for name, said, allowed, flag in _beyond(tally, limits):
        whose = f" to each of {tally.shards:,} shards" if tally.shards > 1 else ""
        why = f"{said}; `limits: {name}` allows {allowed}{whose}"
        yield Need(Kind.LIMIT, name, why, f"--limit {name}={flag}")


def _beyond(tally: Tally, limits: Limits) -> Iterator[Excess]:
    changed, deleted, whole = tally.changed, tally.deleted, tally.whole
    if changed > limits.buckets_changed:
        yield Excess("buckets_changed", f"{changed:,} existing buckets change", f"{limits.buckets_changed:,}", changed)
    if deleted > limits.buckets_deleted:
        yield Excess("buckets_deleted", f"{deleted:,} buckets are deleted", f"{limits.buckets_deleted:,}", deleted)
    # whoever names buckets one by one knows how many they are
    if not tally.is_chosen and whole >= FLEET and 100 * changed > limits.share_of_fleet * whole:
        percent = f"{-(-100 * changed // whole)}%"
        allowed = f"{limits.share_of_fleet}%"
        yield Excess("share_of_fleet", f"{percent} of {whole:,} buckets change ({changed:,})", allowed, percent)
    yield from _expiring(tally.expiring, tally.untold, limits)
    forgotten = len(tally.forgotten)
    if forgotten > limits.buckets_forgotten:
        names = ", ".join(tally.forgotten[:3])
        said = f"{forgotten:,} buckets of the last apply have no spec any more ({names}, …)"
        yield Excess("buckets_forgotten", said, f"{limits.buckets_forgotten:,}", forgotten)


def _expiring(expiring: int, untold: int, limits: Limits) -> Iterator[Excess]:
    """Bytes that go. What nobody can tell is not nothing: then only the largest limit that can be written is enough."""
    allowed = in_units(limits.bytes_expiring)
    if untold and limits.bytes_expiring < WITHOUT_END:
        several = "a bucket" if untold == 1 else f"{untold:,} buckets"
        said = f"nobody can tell how much of {several} would expire within 30 days"
        yield Excess("bytes_expiring", said, allowed, MOST)
    elif expiring > limits.bytes_expiring:
        said = f"{in_units(expiring)} would expire within 30 days"
        yield Excess("bytes_expiring", said, allowed, f"{-(-expiring // 1024**3)}GiB")


def is_changed(plan: Plan) -> bool:
    """Whether an existing bucket changes, and stays."""
    return plan.exists and bool(plan.changes) and not plan.deletes
