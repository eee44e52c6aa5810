"""LIF-07: nothing expires sooner than it is promised to be kept."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from reconciler.aspects.manifest import Manifest
from reconciler.guardrails.lifecycle_rules import acting_in, days_in_words
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject

KEPT = re.compile(
    r"(?P<not>\b(?:not|never) )?\b(?:kept|retained) (?:for )?(?:at least )?(?P<number>[0-9]{1,4}|[a-z]{3,6}|an?) "
    r"(?P<unit>day|week|month|year)s?\b",
    re.IGNORECASE,
)
"""A promise in the words of a manifest: ``kept for at least two years``."""
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {"a": 1, "an": 1} | {word: number for number, word in enumerate(WORDS, 1)}
DAYS = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
"""Days of a unit."""
PASSING = frozenset({"temp", "tmp", "_temporary", "scratch", "staging", "_staging", "trash"})
"""Names of folders for what is not to last, whatever the bucket is for."""
Lasting = Literal["raw", "curated", "reference"]


class Retention(Parameters):
    """How long data is kept at the least."""

    days: Annotated[
        Mapping[Lasting, Annotated[int, Field(ge=1, le=36500, strict=True)]], Field(examples=[{"raw": 365}])
    ] = {"raw": 30, "curated": 30, "reference": 30}
    """Days, by what the data is for: of the whole bucket by its `purpose`, in a `lake` by the first folder."""


class Promise(NamedTuple):
    """How long something is to be kept."""

    prefix: str
    days: int
    source: str
    """Who says so, in words."""


def check(subject: Subject) -> Iterator[Offence]:
    """Expirations of objects that are promised to be kept for longer; those of tagged objects are somebody's choice."""
    ending = [(one, days) for one in acting_in(subject) if (days := one.expires_after) and not one.rule.filter.tags]
    if not ending:
        return
    promises = [*promised_in_manifest(subject), *promised_by_purpose(subject)]
    for one, days in ending:
        if PASSING.isdisjoint(one.prefix.lower().split("/")):
            longest = max(promises_about(one.prefix, promises), key=lambda promise: promise.days, default=None)
            if longest is not None and days < longest.days:
                said = f"{one.name} deletes objects after {days_in_words(days)}, and {longest.source}"
                yield Offence((*one.path, "expiration", "days"), said, f"write {longest.days} or more")


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
            yield Promise(prefix, days, f"{purpose} data is kept for {days_in_words(days)} at least")


def promised_in_manifest(subject: Subject) -> Iterator[Promise]:
    """What the manifest says: of the bucket in its purpose, of each folder in its structure."""
    manifest = subject.value("manifest")
    if not isinstance(manifest, Manifest):
        return
    for folder, text in {**(manifest.structure or {}), "": manifest.purpose or ""}.items():
        days = days_promised(text)
        if days:
            name = folder.strip("/")
            yield Promise(f"{name}/" if name else "", days, f"the manifest says: {text}")
    for part in (manifest, manifest.data):
        days = (part.model_extra or {}).get("retention_days") if part is not None else None
        if isinstance(days, int):
            yield Promise("", days, f"the manifest's retention_days says {days}")


def days_promised(text: str) -> int | None:
    """For how many days a sentence says that something is kept, at the least; None where it does not say it."""
    found = KEPT.search(text)
    if found is None or found["not"]:
        return None
    word = found["number"].lower()
    number = int(word) if word.isdecimal() else NUMBERS.get(word, 0)
    return int(number * DAYS[found["unit"].lower()]) or None


RULE = Rule(
    id="LIF-07",
    title="Nothing expires sooner than it is promised to be kept",
    why="What a lifecycle rule has deleted is gone, on every day anew, and without a question. Raw, curated and "
    "reference data that expires within days is lost before anybody has read it; and people rely on what the manifest "
    "tells them: `kept for two years` in the `purpose` or the `structure`, or a field `retention_days`. In a bucket "
    "with versions the expired object stays as an old version, until the rule about those ends it as well.",
    mend="Let the rule wait for longer, give it a filter, or change what the manifest promises.",
    check=check,
    parameters=Retention,
)
