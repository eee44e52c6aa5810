"""LIF-01: a bucket that grows every day has a lifecycle."""

from collections.abc import Iterator

from reconciler.guardrails.lifecycle_rules import EMPTIED, GROWS, acting_in
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity


def check(subject: Subject) -> Iterator[Offence]:
    """No rule that acts, or none that deletes where the purpose is to keep things for a while only."""
    if subject.purpose not in GROWS:
        return
    path = ("lifecycle",) if subject.is_declared("lifecycle") else ()
    rules = list(acting_in(subject))
    if not rules:
        yield Offence(path, f"the purpose is `{subject.purpose}`, and no lifecycle rule of the spec acts")
    elif subject.purpose in EMPTIED and not any(one.expires for one in rules):
        yield Offence(path, f"the purpose is `{subject.purpose}`, and no lifecycle rule deletes anything")


RULE = Rule(
    id="LIF-01",
    title="A bucket that grows every day has a lifecycle",
    why="S3 bills every byte until somebody deletes it, and by itself deletes nothing. What is added to day by day "
    "costs more each month unless rules archive it, expire it or clean up behind it. Asked of buckets whose `purpose` "
    "is `raw`, `processed`, `temp`, `lake`, `logs`, `backup` or `artifacts`; of `temp` and `logs`, that something "
    "expires.",
    mend="Write under `lifecycle:` when objects move to cheaper storage and when they expire.",
    check=check,
    severity=Severity.WARNING,
    controls={
        "Security Hub": ("S3.13",),
        "Checkov": ("CKV2_AWS_61",),
        "Prowler": ("s3_bucket_lifecycle_enabled",),
    },
)
