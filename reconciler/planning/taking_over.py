"""Live buckets as specs: what ``import`` writes down.

The law behind it: the plan of an imported spec is empty, for every bucket that can exist. So nothing is said
that is not certain. Each document is turned into what a person would write, and that is compared with the
live document as a plan would compare it; what would not be taken back as it is stays unsaid, with a remark.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.managed import ABSENT
from reconciler.aspects.variables import variables_in
from reconciler.bucket import BucketSpec
from reconciler.names import wrong_with_name
from reconciler.planning.changeset import Origin
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.planner import compare, plan_bucket

Fields = Mapping[str, Any]
NOWHERE = Origin("", 0)
"""Where a spec is written that is only tried."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """One live bucket as people would describe it."""

    name: str
    fields: Fields
    """What its spec says, in the order of `BucketSpec`."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Why an aspect is not in the spec although there is something to say about it."""


def everything_of(name: str) -> BucketSpec:
    """What has the reader read every aspect of a bucket. No spec to plan with: it would have them all gone."""
    absent: dict[str, Any] = dict.fromkeys(BucketSpec.aspects(), ABSENT)
    return BucketSpec.model_construct(name=name, **absent)


def taken_over(
    live: LiveBucket, identity: Identity, *, full: bool = False, as_read: Callable[[Fields], Fields] = dict
) -> TakenOver:
    """The spec of a live bucket: what differs from AWS's defaults, or, if `full`, everything.

    The bucket exists. `as_read` is what becomes of a spec that is written down and read again.
    """
    assert live.existence is Existence.EXISTS, "there is nothing to take over"
    remarks: dict[str, str] = {}
    sayable: dict[str, Any] = {}
    about = about_the_bucket(live, identity)
    around = BucketSpec(name=live.name).surroundings(identity.account, live.region)
    for name, found in live.aspects.items():
        try:
            value = as_written(name, found, around)
        except ValueError as error:
            remarks[name] = str(error)
        else:
            sayable |= {name: value} if value is not None else {}
            about |= found.said_beside() if isinstance(found, Aspect) else {}
    usual = {name for name in sayable if is_usual(name, live, around)}

    def troubles(names: Set[str]) -> dict[str, str]:
        said = {name: sayable[name] for name in sayable if name in names}
        return troubles_with(as_read(about | said), live, identity)

    said: Set[str] = set(sayable) if full else set(sayable) - usual
    while found_wrong := troubles(said):
        mended = what_mends(said, usual, len(found_wrong), troubles)
        if mended is None:
            remarks |= found_wrong
            said, usual = said - found_wrong.keys(), usual - found_wrong.keys()
            continue
        for name in said - mended:
            remarks[name] = "it is as AWS makes it, and the manifest would have to speak of it if it were written here"
        said = mended
    everything = about | {name: sayable[name] for name in said}
    return TakenOver(
        live.name,
        {name: everything[name] for name in BucketSpec.model_fields if name in everything},
        {name: " ".join(remarks[name].split()) for name in BucketSpec.aspects() if name in remarks},
    )


def what_mends(
    said: Set[str], usual: Set[str], wrong: int, troubles: Callable[[Set[str]], Mapping[str, str]]
) -> Set[str] | None:
    """The same aspects with one of the usual ones said or unsaid, if less is wrong then.

    A manifest says in words what the rest of the spec says, be it usual or not.
    """
    return next((said ^ {name} for name in sorted(usual) if len(troubles(said ^ {name})) < wrong), None)


def about_the_bucket(live: LiveBucket, identity: Identity) -> dict[str, Any]:
    """What a spec says of the bucket itself. Where regions mean nothing, it says none."""
    region = None if identity.profile.free_regions else live.region
    known: dict[str, Any] = {"name": live.name, "region": region, "account": identity.account}
    known |= {"legacy_name": True} if wrong_with_name(live.name) else {}
    return {name: value for name, value in known.items() if value is not None}


def as_written(name: str, found: LiveAspect, around: Surroundings) -> Any:
    """What a spec says of one document; None where there is no document and a spec cannot say so.

    Raises ValueError, with the reason as its text, where a spec cannot say it.
    """
    kind = BucketSpec.aspects()[name]
    if isinstance(found, Unreadable):
        raise ValueError(f"{found.why}; {found.remedy}")  # noqa: TRY004 - it is no mistake of the caller's
    if found is None or found.means_nothing:
        return None if list(kind.refusals_of_absence()) else ABSENT.value
    value = found.as_spec(around)
    taken_for_a_variable = next(variables_in(value), None)
    if taken_for_a_variable is not None:
        raise ValueError(f"it holds the text ${{{taken_for_a_variable}}}, which a spec takes for a variable")
    return value


def is_usual(name: str, live: LiveBucket, around: Surroundings) -> bool:
    """Whether AWS gives this to every new bucket by itself."""
    found, born = live.aspects[name], BucketSpec.aspects()[name].born()
    if found is None or born is None:
        return born is None and (found is None or (isinstance(found, Aspect) and found.means_nothing))
    return compare(name, born, found, around) == ()


def troubles_with(said: Fields, live: LiveBucket, identity: Identity) -> dict[str, str]:
    """The aspects that this spec would not leave as they are, and why: by name."""
    try:
        spec = BucketSpec.model_validate(said, by_name=True, by_alias=False)
    except ValidationError as error:
        return {str(found["loc"][0]): found["msg"] for found in error.errors(include_url=False)}
    troubles: dict[str, str] = {}
    for refusal in identity.profile.refusals(spec):
        if refusal.severity == "error" and refusal.path[0] in BucketSpec.aspects():
            troubles.setdefault(str(refusal.path[0]), f"{refusal.message} ({refusal.code.code})")
    plan = plan_bucket(spec, live, identity, NOWHERE)
    for blocker in plan.blockers:
        troubles.setdefault(blocker.aspect, blocker.why)
    for change in plan.changes:
        differs = ", ".join(".".join(field.path) for field in change.fields)
        troubles.setdefault(change.aspect, f"no spec can say it just as it is; it would change {differs}")
    return troubles
