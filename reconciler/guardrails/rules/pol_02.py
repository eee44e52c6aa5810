"""POL-02: an Allow names whom it lets in, and what it allows."""

from collections.abc import Iterator

from reconciler.guardrails.owners import BY_ACCESS_POINT, BY_UNIQUE_ID, OWNERS, TYING, may_be_own, owned_tests
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import (
    READS,
    Stated,
    account_of,
    actions_of,
    grants_in,
    in_words,
    says_everything,
    tests_in,
)
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.decision import names_everybody
from reconciler.policy_language.exposure import is_public
from reconciler.policy_language.principals import ROOT
from reconciler.problems import Severity

BY_ADDRESS = "aws:sourceip"
FROM_A_VPC = frozenset({"aws:sourcevpc", "aws:sourcevpce"})
WHO = ("aws:principal", BY_UNIQUE_ID, "aws:username")
"""How the keys begin that say who asks. `OWNERS` has those that say for whom, or by whose access point."""
SAYING = TYING | {"Bool"}
"""Operators of tests that who has no credentials does not pass."""


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements about every action, and about everybody who comes from some place.

    Public ones are what PUB-03 and PUB-04 are about.
    """
    for grant in grants_in(subject):
        if is_public(grant.statement):
            continue
        if says_everything(grant.statement) and not leaves_it_to_others(grant, subject):
            yield about_everything(grant, subject)
        if names_everybody(grant.statement.get("Principal")) and not says_who(grant):
            yield about_everybody(grant)


def about_everything(grant: Stated, subject: Subject) -> Offence:
    """That a statement allows every action, or all but some; a role of the bucket's own account is trusted more."""
    element = grant.element("Action")
    what = "whatever it does not name" if element[-1] == "NotAction" else "every action"
    said = f"{grant.name} allows {what}: {in_words(actions_of(grant.statement))}"
    help_ = "name the actions that are needed, like `s3:GetObject`, `s3:PutObject` and `s3:ListBucket`"
    ours = may_be_own(accounts_in(grant), subject)
    return Offence(element, said, help_, Severity.WARNING if ours else None)


def about_everybody(grant: Stated) -> Offence:
    """That a statement lets in whoever gets to some place: one's own network, or a part of the internet."""
    writes = {name for name in actions_of(grant.statement) if not name.startswith(READS)}
    tested = {key for _, key, _ in tests_in(grant)}
    said = f"{grant.name} lets in everybody who meets its conditions, also without credentials"
    help_ = "name the principals, or say who is meant with `aws:PrincipalOrgID` or `aws:PrincipalAccount`"
    if writes and BY_ADDRESS in tested and not tested & FROM_A_VPC:
        return Offence(grant.element("Principal"), f"{said}, to write ({in_words(writes)})", help_)
    return Offence(grant.element("Principal"), said, help_, Severity.WARNING)


def accounts_in(grant: Stated) -> frozenset[str | None]:
    """The accounts of whom a statement names; None among them for whoever is of none."""
    named = principals_in(grant.statement.get("Principal"))
    return frozenset(account_of(one) if kind == "AWS" else None for kind, one in named)


def leaves_it_to_others(grant: Stated, subject: Subject) -> bool:
    """Whether something else of the bucket's own account says who may do what.

    That is IAM where the statement names nobody but the account, and the policies of access points where it lets in
    everybody by those of the account (S3 User Guide, "Delegating access control to access points").
    """
    named = principals_in(grant.statement.get("Principal"))
    to_iam = all(one.isdigit() or ROOT.match(one) is not None for _, one in named)
    if to_iam and may_be_own(accounts_in(grant), subject):
        return True
    return any(one.key.startswith(BY_ACCESS_POINT) and may_be_own(one.owners, subject) for one in owned_tests(grant))


def says_who(grant: Stated) -> bool:
    """Whether a condition says anything of who asks, or for whom: what it says is for POL-03 to judge."""
    keys = {key for operator, key, _ in tests_in(grant) if operator in SAYING}
    return any(key in OWNERS or key.startswith(WHO) for key in keys)


RULE = Rule(
    id="POL-02",
    title="An Allow names whom it lets in, and what it allows",
    why="`s3:*` is also `s3:PutBucketPolicy` and `s3:DeleteBucket`, and whatever S3 can do next year; `NotAction` with "
    "Allow says the same with an exception (IAM User Guide, *IAM JSON policy elements: NotAction*). To name the own "
    "account is no more than to leave it to IAM, and to let in everybody by the account's own access points leaves it "
    "to their policies (S3 User Guide, *Delegating access control to access points*). A statement for everybody that "
    "only `aws:SourceIp`, `aws:SourceVpc` or `aws:SourceVpce` keeps private lets in whoever gets to that place, with "
    "anybody's credentials or none: to read, or from one's own VPC, that is a warning.",
    mend="List the principals and the actions that are needed.",
    check=check,
)
