"""POL-02: an Allow names whom it lets in, and what it allows."""

from collections.abc import Iterator

from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import Stated, actions_of, grants_in, in_words, is_own, says_everything, tests_in
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.decision import names_everybody
from reconciler.policy_language.exposure import is_public
from reconciler.policy_language.principals import ROOT
from reconciler.problems import Severity

WHERE_FROM = frozenset({"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce"})
"""Keys that make a statement private, and say nothing of who asks."""
WHO = ("aws:principal", "aws:source", "aws:userid", "aws:username", "s3:dataaccesspoint")
"""How the keys begin that say who asks, or for whom."""


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements about every action, and about everybody who comes from some place.

    Public ones are what PUB-03 and PUB-04 are about.
    """
    for grant in grants_in(subject):
        if is_public(grant.statement):
            continue
        if says_everything(grant.statement) and not lets_iam_decide(grant, subject):
            yield about_everything(grant, subject)
        if names_everybody(grant.statement.get("Principal")) and not says_who(grant):
            said = f"{grant.name} lets in everybody who meets its conditions, also without credentials"
            help_ = "name the principals, or say who is meant with `aws:PrincipalOrgID` or `aws:PrincipalAccount`"
            yield Offence(grant.element("Principal"), said, help_, Severity.WARNING)


def about_everything(grant: Stated, subject: Subject) -> Offence:
    """That a statement allows every action, or all but some; a role of the bucket's own account is trusted more."""
    element = grant.element("Action")
    what = "whatever it does not name" if element[-1] == "NotAction" else "every action"
    said = f"{grant.name} allows {what}: {in_words(actions_of(grant.statement))}"
    help_ = "name the actions that are needed, like `s3:GetObject`, `s3:PutObject` and `s3:ListBucket`"
    ours = all(is_own(kind, one, subject) for kind, one in principals_in(grant.statement.get("Principal")))
    return Offence(element, said, help_, Severity.WARNING if ours else None)


def lets_iam_decide(grant: Stated, subject: Subject) -> bool:
    """Whether it names nobody but the bucket's own account: IAM then says who of it may do what."""
    return all(
        is_own(kind, one, subject) and (one.isdigit() or ROOT.match(one) is not None)
        for kind, one in principals_in(grant.statement.get("Principal"))
    )


def says_who(grant: Stated) -> bool:
    """Whether a condition says anything of who asks."""
    keys = {key for _, key, _ in tests_in(grant)}
    return any(key.startswith(WHO) for key in keys - WHERE_FROM)


RULE = Rule(
    id="POL-02",
    title="An Allow names whom it lets in, and what it allows",
    why="`s3:*` is also `s3:PutBucketPolicy` and `s3:DeleteBucket`, and whatever S3 can do next year; `NotAction` with "
    "Allow says the same with an exception (IAM User Guide, *IAM JSON policy elements: NotAction*). To name the own "
    "account is no more than to leave it to IAM. A statement for everybody that only `aws:SourceIp`, `aws:SourceVpc` "
    "or `aws:SourceVpce` keeps private lets in whoever gets to that place, with anybody's credentials or none.",
    mend="List the principals and the actions that are needed.",
    check=check,
    controls={
        "Security Hub": ("S3.2", "S3.3"),
        "Checkov": ("CKV_AWS_70",),
        "Prowler": ("s3_bucket_public_access",),
    },
)
