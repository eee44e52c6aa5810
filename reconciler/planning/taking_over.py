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
from reconciler.planning.changeset import Change
from reconciler.planning.live import Identity, LiveBucket, Unreadable
from reconciler.planning.planner import compare

Fields = Mapping[str, Any]


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


def taken_over(live: LiveBucket, identity: Identity, *, full: bool = False) -> TakenOver:
    """The spec of a live bucket: what differs from AWS's defaults, or, if `full`, everything."""
    remarks: dict[str, str] = {}
    sayable: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    around = BucketSpec(name=live.name).surroundings(identity.account, live.region)
    for name, found in live.aspects.items():
        if isinstance(found, Unreadable):
            remarks[name] = f"{found.why}; {found.remedy}"
            continue
        try:
            value = as_written(name, found, around)
        except ValueError as error:
            remarks[name] = str(error)
            continue
        if value is not None:
            sayable[name] = value
            beside |= found.said_beside() if found is not None else {}
    about = about_the_bucket(live, identity) | beside
    said = {name: value for name, value in sayable.items() if full or not is_usual(name, live, around)}
    while troubles := troubles_with(about | said, live, identity):
        # a manifest says in words what the rest of the spec says, also of what is usual
        mended = troubles.keys() - troubles_with(about | sayable, live, identity).keys()
        if mended:
            said |= what_mends(mended, said, sayable, lambda fields: troubles_with({**about, **fields}, live, identity))
            continue
        remarks |= troubles
        said = {name: value for name, value in said.items() if name not in troubles}
        sayable = {name: value for name, value in sayable.items() if name not in troubles}
    everything = about | said
    return TakenOver(
        live.name,
        {name: everything[name] for name in BucketSpec.model_fields if name in everything},
        {name: " ".join(remarks[name].split()) for name in BucketSpec.aspects() if name in remarks},
    )


def what_mends(
    troubled: Set[str], said: Fields, sayable: Fields, troubles: Callable[[Fields], Mapping[str, str]]
) -> dict[str, Any]:
    """As little of what is usual as takes the trouble away from these aspects."""
    added = {name: value for name, value in sayable.items() if name not in said}
    for name in tuple(added):
        without = {other: value for other, value in added.items() if other != name}
        if not troubled & troubles({**said, **without}).keys():
            added = without
    return added


def about_the_bucket(live: LiveBucket, identity: Identity) -> dict[str, Any]:
    """What a spec says of the bucket itself."""
    known: dict[str, Any] = {"name": live.name, "region": live.region, "account": identity.account}
    known |= {"legacy_name": True} if wrong_with_name(live.name) else {}
    return {name: value for name, value in known.items() if value is not None}


def as_written(name: str, found: Aspect | None, around: Surroundings) -> Any:
    """What a spec says of one document; None where there is no document and a spec cannot say so."""
    kind = BucketSpec.aspects()[name]
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
    if isinstance(found, Unreadable) or found is None or born is None:
        return born is None and (found is None or (isinstance(found, Aspect) and found.means_nothing))
    return compare(name, born, found, around) == ()


def troubles_with(said: Fields, live: LiveBucket, identity: Identity) -> dict[str, str]:
    """The aspects that this spec would not leave as they are, and why: by name."""
    try:
        spec = BucketSpec.model_validate(said, by_name=True, by_alias=False)
    except ValidationError as error:
        return {str(found["loc"][0]): found["msg"] for found in error.errors(include_url=False)}
    troubles: dict[str, str] = {}
    for refusal in spec.refusals():
        if refusal.severity == "error" and refusal.path[0] in BucketSpec.aspects():
            troubles.setdefault(str(refusal.path[0]), f"{refusal.message} ({refusal.code.code})")
    around = spec.surroundings(account=identity.account, region=live.region)
    for name, wanted in spec.declared().items():
        outcome = compare(name, wanted, live.aspects[name], around)
        if isinstance(outcome, Change):
            differs = ", ".join(".".join(change.path) for change in outcome.fields)
            troubles.setdefault(name, f"no spec can say it just as it is; it would change {differs}")
        elif outcome:
            troubles.setdefault(name, outcome[0].why)
    return troubles
