"""LIF-01: a bucket that grows every day has a lifecycle."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.guardrails.lifecycle_rules import EMPTIED, GROWS, Acting, acting_in, days_in_words
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.problems import Severity


class Patience(Parameters):
    """How long what is temporary may stay."""

    temp_days: Annotated[int, Field(ge=1, le=36500, strict=True, examples=[30])] = 365
    """Days after which everything in a bucket whose purpose is `temp` is deleted at the latest."""


def check(subject: Subject) -> Iterator[Offence]:
    """No rule that acts, or none that deletes where the purpose is to keep things for a while only."""
    if subject.purpose not in GROWS:
        return
    path = ("lifecycle",) if subject.is_declared("lifecycle") else ()
    rules = list(acting_in(subject))
    ending = [one for one in rules if one.expires]
    if not rules:
        yield Offence(path, f"the purpose is `{subject.purpose}`, and no lifecycle rule of the spec acts")
    elif subject.purpose in EMPTIED and not ending:
        yield Offence(path, f"the purpose is `{subject.purpose}`, and no lifecycle rule deletes anything")
    elif subject.purpose == "temp":
        yield from kept_in_temp(subject, ending)


def kept_in_temp(subject: Subject, ending: list[Acting]) -> Iterator[Offence]:
    """What stays in a bucket where nothing is to stay: under other prefixes, or for years.

    A bucket with a manifest cannot do without a filter (MAN-01).
    """
    most = subject.parameters.temp_days
    for one in ending:
        if one.expires_after is not None and one.expires_after > most:
            said = f"the purpose is `temp`, and {one.name} keeps objects for {days_in_words(one.expires_after)}"
            yield Offence((*one.path, "expiration", "days"), said, f"write {most} or less")
    if subject.value("manifest") is None and not any(one.is_about_all for one in ending):
        names = " and ".join(one.name for one in ending)
        said = f"the purpose is `temp`, and nothing is deleted but what the filter of {names} chooses"
        yield Offence(("lifecycle",), said, "add a rule without a filter that expires the rest")


RULE = Rule(
    id="LIF-01",
    title="A bucket that grows every day has a lifecycle",
    why="S3 bills every byte until somebody deletes it, and by itself deletes nothing. What is added to day by day "
    "costs more each month unless rules archive it, expire it or clean up behind it. Asked of buckets whose `purpose` "
    "is `raw`, `processed`, `temp`, `lake`, `logs`, `backup` or `artifacts`; of `temp` and `logs`, that something "
    "expires; of `temp`, that everything does.",
    mend="Write under `lifecycle:` when objects move to cheaper storage and when they expire.",
    check=check,
    severity=Severity.WARNING,
    parameters=Patience,
    controls={
        "Security Hub": ("S3.13",),
        "Checkov": ("CKV2_AWS_61",),
        "Prowler": ("s3_bucket_lifecycle_enabled",),
    },
)
