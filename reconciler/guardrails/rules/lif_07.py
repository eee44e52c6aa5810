"""LIF-07: nothing expires sooner than it is promised to be kept."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import Field

from reconciler.aspects.lifecycle_losses import since
from reconciler.aspects.manifest import Manifest
from reconciler.guardrails.lifecycle_rules import Acting, acting_in, days_in_words
from reconciler.guardrails.promises import Term, promised
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.problems import Severity
from reconciler.scalars import Text

PASSING = frozenset(
    {"temp", "tmp", "_temporary", "scratch", "staging", "_staging", "trash", "quarantine", "athena-results"}
)
"""Names of folders for what is not to last, whatever the bucket is for."""
Lasting = Literal["raw", "curated", "reference", "backup"]
LASTING: tuple[Lasting, ...] = get_args(Lasting)


class Retention(Parameters):
    """How long data is kept at the least."""

    days: Annotated[
        Mapping[Lasting, Annotated[int, Field(ge=1, le=36500, strict=True)]], Field(examples=[{"raw": 365}])
    ] = {"raw": 30, "curated": 30, "reference": 30, "backup": 7}
    """Days, by what the data is for: of the whole bucket by its `purpose`, in a `lake` by the first folder."""
    noncurrent_days: Annotated[int, Field(ge=1, le=36500, strict=True, examples=[30])] = 7
    """Days for which old versions of such data are kept at the least; a warning where a rule deletes them sooner."""
    passing: Annotated[tuple[Text, ...], Field(examples=[["landing"]])] = ()
    """Names of folders for what is not to last, beside `temp`, `tmp`, `_temporary`, `scratch`, `staging`, `_staging`,
    `trash`, `quarantine` and `athena-results`."""


class Promise(NamedTuple):
    """How long something is to be kept."""

    prefix: str
    term: Term
    source: str
    """Who says so, in words."""


def check(subject: Subject) -> Iterator[Offence]:
    """Deletions of what is promised to be kept for longer; those of tagged objects are somebody's choice."""
    passing = PASSING.union(name.strip("/").lower() for name in subject.parameters.passing)
    ending = [
        one
        for one in acting_in(subject)
        if (one.expires or one.rule.noncurrent_version_expiration is not None)
        and not one.rule.filter.tags
        and passing.isdisjoint(one.prefix.lower().split("/"))
    ]
    if not ending:
        return
    promises = [*promised_in_manifest(subject), *promised_by_purpose(subject)]
    for one in ending:
        yield from expiring_too_soon(one, promises)
        yield from old_versions_too_soon(one, subject)


def expiring_too_soon(one: Acting, promises: list[Promise]) -> Iterator[Offence]:
    """A rule that deletes current versions before anybody may; one with a date deletes new ones on their first day."""
    end = one.rule.expiration
    longest = max(promises_about(one.prefix, promises), key=lambda promise: promise.term, default=None)
    if end is None or longest is None:
        return
    if end.date is not None:
        said = f"{one.name} deletes all objects {since(end.date)}, new ones at once, and {longest.source}"
        instead = f"write `days: {longest.term.usual}` or more in place of the date"
        yield Offence((*one.path, "expiration", "date"), said, instead)
    elif end.days is not None and end.days < longest.term.days:
        said = f"{one.name} deletes objects after {days_in_words(end.days)}, and {longest.source}"
        yield Offence((*one.path, "expiration", "days"), said, f"write {longest.term.usual} or more")


def old_versions_too_soon(one: Acting, subject: Subject) -> Iterator[Offence]:
    """A rule that deletes old versions of what is to last before anybody has missed them."""
    end, least = one.rule.noncurrent_version_expiration, subject.parameters.noncurrent_days
    if end is None or end.noncurrent_days is None or end.newer_noncurrent_versions or end.noncurrent_days >= least:
        return
    kinds = [f"{kind}/" for kind in LASTING] if subject.purpose == "lake" else []
    inside = any(one.prefix.startswith(kind) or kind.startswith(one.prefix) for kind in kinds)
    if subject.purpose in LASTING or inside:
        said = f"{one.name} deletes old versions after {days_in_words(end.noncurrent_days)}"
        path = (*one.path, "noncurrent_version_expiration", "noncurrent_days")
        told = f"{said}: what was overwritten or deleted by mistake is gone by then"
        yield Offence(path, told, f"write {least} or more", Severity.WARNING)


def promises_about(prefix: str, promises: list[Promise]) -> Iterator[Promise]:
    """What holds for some of the objects under a prefix: of the promises about all of them, only the nearest."""
    wider = [promise for promise in promises if prefix.startswith(promise.prefix)]
    nearest = max((len(promise.prefix) for promise in wider), default=0)
    yield from (promise for promise in wider if len(promise.prefix) == nearest)
    yield from (promise for promise in promises if promise not in wider and promise.prefix.startswith(prefix))


def promised_by_purpose(subject: Subject) -> Iterator[Promise]:
    """What the settings ask of a bucket or of a lake's folders."""
    for purpose, days in subject.parameters.days.items():
        if subject.purpose in (purpose, "lake"):
            prefix = f"{purpose}/" if subject.purpose == "lake" else ""
            yield Promise(prefix, Term(days, days), f"{purpose} data is kept for {days_in_words(days)} at least")


def promised_in_manifest(subject: Subject) -> Iterator[Promise]:
    """What the manifest says: of the bucket in its purpose, of each folder in its structure."""
    manifest = subject.value("manifest")
    if not isinstance(manifest, Manifest):
        return
    for folder, text in {**(manifest.structure or {}), "": manifest.purpose or ""}.items():
        term = promised(text)
        if term is not None:
            name = folder.strip("/")
            yield Promise(f"{name}/" if name else "", term, f"the manifest says: {text}")
    for part in (manifest, manifest.data):
        days = whole_number((part.model_extra or {}).get("retention_days")) if part is not None else None
        if days is not None:
            yield Promise("", Term(days, days), f"the manifest's retention_days says {days}")


def whole_number(value: Any) -> int | None:
    """A number of days, also where it is written as a text."""
    if isinstance(value, str):
        return int(value) if re.fullmatch("[0-9]{1,5}", value.strip()) else None
    return value if isinstance(value, int) else None


RULE = Rule(
    id="LIF-07",
    title="Nothing expires sooner than it is promised to be kept",
    why="What a lifecycle rule has deleted is gone, on every day anew, and without a question. Raw, curated and "
    "reference data and backups that expire within days are lost before anybody has read them; and people rely on what "
    "the manifest tells them: `kept for two years` in the `purpose` or the `structure`, or a field `retention_days`. "
    "What is kept `at most` is no such promise. An expiration with a `date` deletes all objects on that day, and new "
    "ones on their first day as long as the rule stands (S3 User Guide, *Lifecycle configuration elements*). In a "
    "bucket with versions the expired object stays as an old version, until the rule about those ends it as well; if "
    "that is within days, nobody has noticed a mistake yet.",
    mend="Let the rule wait for longer, give it a filter, or change what the manifest promises.",
    check=check,
    parameters=Retention,
)
