"""PUB-05: ACLs are off, and the policy alone decides."""

from collections.abc import Iterator

from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity

HELP = "write `ownership_controls: BucketOwnerEnforced`"


def check(subject: Subject) -> Iterator[Offence]:
    """An ownership under which ACLs count, and none at all where the data is confidential."""
    controls = subject.value("ownership_controls")
    if isinstance(controls, OwnershipControls):
        if controls.object_ownership != "BucketOwnerEnforced":
            weight = Severity.WARNING if subject.purpose == "logs" else None
            said = f"with {controls.object_ownership}, the ACLs of the bucket and of each object count"
            yield Offence(("ownership_controls",), said, severity=weight)
    elif subject.is_absent("ownership_controls"):
        said = "without ownership controls, the ACLs of the bucket and of each object count"
        yield Offence(("ownership_controls",), said, HELP)
    elif subject.is_confidential:
        yield Offence((), "nothing in the spec says that ACLs are off", HELP, Severity.WARNING)


RULE = Rule(
    id="PUB-05",
    title="ACLs are off",
    why="An ACL can let in everybody, object by object, where no review of the policy finds it, and what another "
    "account uploads belongs to that account. With `BucketOwnerEnforced`, ACLs do not count and everything belongs to "
    "the bucket's owner, as in every bucket that was made since April 2023 (S3 User Guide, *Controlling ownership of "
    "objects and disabling ACLs*). Some services deliver their `logs` with ACLs only, such as CloudFront's legacy "
    "standard logging (CloudFront Developer Guide, *Configure standard logging (legacy)*).",
    mend="Write `ownership_controls: BucketOwnerEnforced`, after what ACLs allow today has found its way into the "
    "policy.",
    check=check,
    controls={
        "Security Hub": ("S3.12",),
        "Checkov": ("CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_375", "CKV2_AWS_43", "CKV2_AWS_65"),
        "Trivy": ("AWS-0092",),
        "Prowler": ("s3_bucket_acl_prohibited", "s3_bucket_public_list_acl", "s3_bucket_public_write_acl"),
    },
)
