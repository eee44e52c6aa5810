"""POL-03: other accounts are let in only if the team has declared them."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.guardrails.statements import Stated, account_of, actions_of, grants_in, in_words, own_account, values_of
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.decision import names_everybody
from reconciler.policy_language.exposure import BINDING_OPERATORS, is_public
from reconciler.policy_language.principals import CANONICAL_USER
from reconciler.problems import Severity
from reconciler.scalars import Text
from reconciler.settings import ACCOUNT, write

CONTROL = frozenset(
    {
        "s3:DeleteBucketPolicy",
        "s3:PutBucketAcl",
        "s3:PutBucketPolicy",
        "s3:PutEncryptionConfiguration",
        "s3:PutObjectAcl",
    }
)
"""What no other account should be able to do (Security Hub User Guide, S3.6, blacklistedactionpatterns)."""
BY_ORGANIZATION = "aws:principalorgid"
BY_ACCOUNT = "aws:principalaccount"
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}\Z", re.ASCII)
"""Organizations API reference, Organization: Id."""


def account(value: str) -> str:
    """An account, or one of its users by the canonical id."""
    if ACCOUNT.match(value) is None and CANONICAL_USER.match(value) is None:
        raise write("an account id of 12 digits, or the canonical id of a user")
    return value


def organization(value: str) -> str:
    """An organization."""
    if ORGANIZATION.match(value) is None:
        raise write("the id of an organization, like o-a1b2c3d4e5")
    return value


class Declared(Parameters):
    """Who else may be let in."""

    accounts: Annotated[tuple[Annotated[Text, AfterValidator(account)], ...], Field(examples=[["210987654321"]])] = ()
    """Ids of the accounts that policies may let in, or the canonical ids of their users."""
    organizations: Annotated[
        tuple[Annotated[Text, AfterValidator(organization)], ...], Field(examples=[["o-a1b2c3d4e5"]])
    ] = ()
    """Ids of the organizations that policies may let in as a whole (`aws:PrincipalOrgID`)."""


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements for accounts and organizations that nobody has declared, and what those should not do."""
    for grant in grants_in(subject):
        if is_public(grant.statement):
            continue  # PUB-03 and PUB-04 say so
        yield from of_organizations(grant, subject)
        others = sorted({*accounts_in(grant, subject)})
        if not others or is_bound(grant, subject):
            continue
        strangers = [one for one in others if one not in subject.parameters.accounts]
        if strangers:
            said = f"{grant.name} lets in {' and '.join(strangers)}, which no setting declares"
            yield Offence(grant.element("Principal"), said)
        elif taken := CONTROL & actions_of(grant.statement):
            said = f"{grant.name} lets another account change who gets in ({in_words(taken)})"
            yield Offence(grant.element("Action"), said, "leave that to the bucket's own account", Severity.WARNING)


def of_organizations(grant: Stated, subject: Subject) -> Iterator[Offence]:
    """Statements for everybody of an organization that nobody has declared."""
    if not names_everybody(grant.statement.get("Principal")):
        return
    for operator, values in values_of(grant, BY_ORGANIZATION, BINDING_OPERATORS):
        strangers = sorted({*values} - {*subject.parameters.organizations})
        if strangers:
            said = f"{grant.name} lets in every account of {' and '.join(strangers)}, which no setting declares"
            yield Offence(grant.test(operator, BY_ORGANIZATION), said)


def accounts_in(grant: Stated, subject: Subject) -> Iterator[str]:
    """The accounts that it names beside the bucket's own; none where nobody knows which that is.

    Whose a canonical user is, nobody can tell: it has to be declared as well.
    """
    own = own_account(subject)
    for kind, one in principals_in(grant.statement.get("Principal")):
        account = account_of(one) if kind == "AWS" else None
        if kind == "CanonicalUser" or (kind == "AWS" and CANONICAL_USER.match(one)):
            yield one
        elif own is not None and account not in (None, own):
            yield account


def is_bound(grant: Stated, subject: Subject) -> bool:
    """Whether a condition keeps out everybody but declared accounts and organizations, and the bucket's own."""
    own = subject.around.account
    return any(
        {*declared}.issuperset(values)
        for key, declared in (
            (BY_ORGANIZATION, subject.parameters.organizations),
            (BY_ACCOUNT, (*subject.parameters.accounts, own)),
        )
        for _, values in values_of(grant, key, BINDING_OPERATORS)
    )


RULE = Rule(
    id="POL-03",
    title="Other accounts are let in only if they are declared",
    why="A policy that names another account trusts whoever administers that one, today and later; a mistyped id "
    "trusts a stranger. A list of the accounts and organizations that a team works with makes each new one a "
    "decision. And whoever may change policy, ACLs or encryption from outside decides who else gets in: Security Hub's "
    "S3.6 fails five such actions (Security Hub User Guide, *Amazon S3 controls*).",
    mend="Declare the account under `accounts:`, or the organization under `organizations:`, of this rule in "
    "`reconcile.yaml`, or take it out of the policy.",
    check=check,
    parameters=Declared,
    controls={
        "Security Hub": ("S3.6",),
        "Prowler": ("s3_bucket_cross_account_access",),
    },
)
