"""VER-01: what cannot be made again is kept when it is written over."""

from collections.abc import Iterator

from reconciler.guardrails.lifecycle_rules import KEEPS_VERSIONS, has_versions
from reconciler.guardrails.rule import Offence, Rule, Subject


def check(subject: Subject) -> Iterator[Offence]:
    """Versioning that is not on, where the purpose asks for it."""
    if subject.purpose not in KEEPS_VERSIONS or has_versions(subject):
        return
    if subject.is_declared("versioning"):
        yield Offence(("versioning",), f"the purpose is `{subject.purpose}`, and versioning is not Enabled")
    else:
        yield Offence((), f"the purpose is `{subject.purpose}`, and the spec does not turn on versioning")


RULE = Rule(
    id="VER-01",
    title="Versioning is on where data cannot be made again",
    why="Without versions, an object that is written over or deleted is gone at once, whether by a mistake or by an "
    "attacker; with them it can be restored (S3 User Guide, *Retaining multiple versions of objects with S3 "
    "Versioning*). Asked of buckets whose `purpose` is `raw`, `curated`, `reference`, `backup` or `lake`: what is "
    "derived, temporary or logged can be made again, or is of little use to anybody who would change it.",
    mend="Write `versioning: Enabled`, and a lifecycle rule that removes old versions after a while.",
    check=check,
    controls={
        "Security Hub": ("S3.14",),
        "Checkov": ("CKV_AWS_21",),
        "Trivy": ("AWS-0090",),
        "Prowler": ("s3_bucket_object_versioning",),
    },
)
