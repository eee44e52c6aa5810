"""PUB-04: the policy lets nobody change anything who is not named."""

from collections.abc import Iterator

from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import READS, actions_of, in_words, is_held_back, public_grants_in
from reconciler.problems import Severity


def check(subject: Subject) -> Iterator[Offence]:
    """Public statements, by AWS's definition, that allow more than to read."""
    held_back = is_held_back(subject)
    for grant in public_grants_in(subject):
        writes = {name for name in actions_of(grant.statement) if not name.startswith(READS)}
        if writes:
            said = f"{grant.name} lets in everybody to write ({in_words(writes)})"
            yield Offence(
                grant.path,
                f"{said}; only `restrict_public_buckets` holds it back" if held_back else said,
                severity=Severity.WARNING if held_back else None,
            )


RULE = Rule(
    id="PUB-04",
    title="The policy lets nobody change anything who is not named",
    why="Whoever may write to a bucket of yours may replace what others read from it, fill it at your cost, or, with "
    "`s3:PutBucketPolicy`, take it over. No purpose needs that of everybody: what strangers upload comes in by "
    "presigned URLs, which need no statement. Public is what AWS calls so (S3 User Guide, *Blocking public access to "
    "your Amazon S3 storage*, The meaning of public).",
    mend="Name the principals that write; let strangers upload with presigned URLs.",
    check=check,
    controls={
        "Security Hub": ("S3.3",),
        "Checkov": ("CKV_AWS_70",),
        "Prowler": ("s3_bucket_policy_public_write_access",),
    },
)
