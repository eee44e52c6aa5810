"""PUB-03: the policy lets nobody read who is not named."""

from collections.abc import Iterator

from reconciler.guardrails.rule import Offence, Rule, Sensitivity, Subject
from reconciler.guardrails.statements import READS, actions_of, in_words, is_held_back, public_grants_in
from reconciler.problems import Severity

OF_A_WEBSITE = frozenset({"s3:GetObject"})
"""What the visitors of a website need: its pages as they are now, and no list of them."""


def check(subject: Subject) -> Iterator[Offence]:
    """Public statements, by AWS's definition, that allow to read."""
    held_back = is_held_back(subject)
    may_be_public = subject.sensitivity in (None, Sensitivity.PUBLIC)
    for grant in public_grants_in(subject):
        reads = {name for name in actions_of(grant.statement) if name.startswith(READS)}
        if subject.purpose == "website" and may_be_public:
            reads -= OF_A_WEBSITE
        if reads:
            said = f"{grant.name} lets in everybody to read ({in_words(reads)})"
            mild = held_back or subject.sensitivity is Sensitivity.PUBLIC
            yield Offence(
                grant.path,
                f"{said}; only `restrict_public_buckets` holds it back" if held_back else said,
                severity=Severity.WARNING if mild else None,
            )


RULE = Rule(
    id="PUB-03",
    title="The policy lets nobody read who is not named",
    why="A statement is public until it names its principals, or a condition binds it to fixed values of a short list "
    "of keys (S3 User Guide, *Blocking public access to your Amazon S3 storage*, The meaning of public): TLS, a "
    "referer or a user agent bind nothing. The visitors of a `website` may read its objects; who lists them finds "
    "what no page links to, and who reads their old versions what was taken out.",
    mend="Name the principals, or bind the statement with `aws:PrincipalOrgID`, `aws:SourceVpce` or `aws:SourceArn`; "
    "for a website, let in CloudFront alone, or say `purpose: website`.",
    check=check,
    controls={
        "Security Hub": ("S3.2",),
        "Checkov": ("CKV_AWS_70",),
        "Prowler": ("s3_bucket_public_access",),
    },
)
