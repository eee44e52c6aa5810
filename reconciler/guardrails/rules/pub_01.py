"""PUB-01: all four switches of the public access block are on."""

from collections.abc import Iterator

from reconciler.aspects.public_access_block import GATES, SHIELDS, PublicAccessBlock
from reconciler.guardrails.rule import Offence, Rule, Sensitivity, Subject
from reconciler.problems import Severity

OF_POLICIES = frozenset({"block_public_policy", "restrict_public_buckets"})
"""What is off where a policy is to let in everybody."""
OPEN_PURPOSES = (None, "website", "other")
"""Purposes that say nothing about who may come in, or that everybody may."""
HELP = "write all four: " + ", ".join(f"`{name}: true`" for name in (*GATES, *SHIELDS))


def check(subject: Subject) -> Iterator[Offence]:
    """A block with a switch that is off, and no block where the bucket is for something that needs one."""
    block = subject.value("public_access_block")
    if not isinstance(block, PublicAccessBlock):
        yield from without(subject)
        return
    off = [name for name in (*GATES, *SHIELDS) if getattr(block, name) is False]
    if subject.purpose == "website" and is_open(subject):
        off = [name for name in off if name not in OF_POLICIES]
    if off:
        meant = subject.sensitivity is Sensitivity.PUBLIC and OF_POLICIES.issuperset(off)
        path = ("public_access_block", *(off if len(off) == 1 else ()))
        said = f"{in_words(off)} {'is' if len(off) == 1 else 'are'} off"
        yield Offence(path, said, severity=Severity.WARNING if meant else None)
    left_out = [name for name in (*GATES, *SHIELDS) if getattr(block, name) is None]
    if left_out and asks_for_one(subject):
        said = f"the spec does not say that {in_words(left_out)} {'is' if len(left_out) == 1 else 'are'} on"
        yield Offence(("public_access_block",), said, HELP, Severity.WARNING)


def in_words(switches: list[str]) -> str:
    """Switches in a row."""
    return " and ".join(f"`{name}`" for name in switches)


def without(subject: Subject) -> Iterator[Offence]:
    """What is wrong where there is no block in the spec, or is to be none."""
    if subject.is_absent("public_access_block"):
        yield Offence(("public_access_block",), "there is to be no public access block", HELP)
    elif asks_for_one(subject):
        weight = None if subject.is_confidential else Severity.WARNING
        yield Offence((), "nothing in the spec keeps this bucket from being public", HELP, weight)


def asks_for_one(subject: Subject) -> bool:
    """Whether what the bucket is for, or what is in it, leaves no doubt that not everybody is meant."""
    if subject.purpose in OPEN_PURPOSES or subject.sensitivity is Sensitivity.PUBLIC:
        return subject.is_confidential
    return True


def is_open(subject: Subject) -> bool:
    """Whether nothing says that what is in the bucket must not get out."""
    return subject.sensitivity in (None, Sensitivity.PUBLIC)


RULE = Rule(
    id="PUB-01",
    title="All four switches of the public access block are on",
    why="Public buckets come about by one careless statement or ACL. While the four switches are on, S3 refuses such "
    "a policy or ACL, and ignores those that are there (S3 User Guide, *Blocking public access to your Amazon S3 "
    "storage*). New buckets have them on since April 2023; older ones do not. A `website` may have the two for "
    "policies off.",
    mend="Write `public_access_block:` with all four switches `true`; serve a website through CloudFront, or say "
    "`purpose: website`.",
    check=check,
    controls={
        "Security Hub": ("S3.8",),
        "CIS 5.0": ("2.1.4",),
        "Checkov": ("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6"),
        "Trivy": ("AWS-0086", "AWS-0087", "AWS-0091", "AWS-0093", "AWS-0094"),
        "Prowler": ("s3_bucket_level_public_access_block",),
    },
)
