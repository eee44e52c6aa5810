"""How much one run may do: the limits of `reconcile.yaml`, and what of a plan is beyond them.

A limit is no opinion about a change: it is the distance between what somebody meant to do and what a mistake in a
variable, a default or a path would do.
"""

from collections.abc import Collection, Iterator, Mapping

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


def exceeded(changeset: Changeset, limits: Limits, forgotten: Collection[str] = ()) -> tuple[Need, ...]:
    """The limits that this plan is beyond; `forgotten` names buckets that no spec describes any more."""
    return tuple(_exceeded(changeset, limits, forgotten))


def _exceeded(changeset: Changeset, limits: Limits, forgotten: Collection[str]) -> Iterator[Need]:
    changed = sum(is_changed(plan) for plan in changeset.plans)
    deleted = sum(plan.deletes for plan in changeset.plans)
    if changed > limits.buckets_changed:
        yield beyond("buckets_changed", f"{changed:,} existing buckets change", f"{limits.buckets_changed:,}", changed)
    if deleted > limits.buckets_deleted:
        yield beyond("buckets_deleted", f"{deleted:,} buckets are deleted", f"{limits.buckets_deleted:,}", deleted)
    whole = len(changeset.plans)
    # whoever names buckets one by one knows how many they are
    if not changeset.inputs.targets and whole >= FLEET and 100 * changed > limits.share_of_fleet * whole:
        percent = f"{-(-100 * changed // whole)}%"
        allowed = f"{limits.share_of_fleet}%"
        yield beyond("share_of_fleet", f"{percent} of {whole:,} buckets change ({changed:,})", allowed, percent)
    yield from _expiring(changeset, limits)
    if len(forgotten) > limits.buckets_forgotten:
        names = ", ".join(sorted(forgotten)[:3])
        said = f"{len(forgotten):,} buckets of the last apply have no spec any more ({names}, …)"
        yield beyond("buckets_forgotten", said, f"{limits.buckets_forgotten:,}", len(forgotten))


def _expiring(changeset: Changeset, limits: Limits) -> Iterator[Need]:
    """Bytes that go. What nobody can tell is not nothing: then only the largest limit that can be written is enough."""
    found = [plan.evidence for plan in changeset.plans if plan.evidence]
    expiring = sum(one.bytes_within_30_days for one in found)
    untold = sum(one.forecast is None or not one.complete for one in found)
    allowed = in_units(limits.bytes_expiring)
    if untold and limits.bytes_expiring < WITHOUT_END:
        several = "a bucket" if untold == 1 else f"{untold:,} buckets"
        said = f"nobody can tell how much of {several} would expire within 30 days"
        yield beyond("bytes_expiring", said, allowed, MOST)
    elif expiring > limits.bytes_expiring:
        said = f"{in_units(expiring)} would expire within 30 days"
        yield beyond("bytes_expiring", said, allowed, f"{-(-expiring // 1024**3)}GiB")


def beyond(name: str, said: str, allowed: str, flag: object) -> Need:
    """One limit: what was found, the setting, and the flag that lifts it."""
    return Need(Kind.LIMIT, name, f"{said}; `limits: {name}` allows {allowed}", f"--limit {name}={flag}")


def is_changed(plan: Plan) -> bool:
    """Whether an existing bucket changes, and stays."""
    return plan.exists and bool(plan.changes) and not plan.deletes
