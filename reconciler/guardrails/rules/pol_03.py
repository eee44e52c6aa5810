"""POL-03: other accounts are let in only if the team has declared them."""

import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from reconciler.guardrails.log_delivery import OF_LOAD_BALANCERS, only_delivers
from reconciler.guardrails.owners import BY_ACCESS_POINT, BY_UNIQUE_ID, FOR_WHOM, owned_tests
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.guardrails.statements import Path, Stated, account_of, actions_of, grants_in, in_words, own_account
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.decision import names_everybody
from reconciler.policy_language.exposure import is_public
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
HOW = {
    "aws:principalorg": "every account of ",
    FOR_WHOM: "services that work for ",
    BY_ACCESS_POINT: "whoever comes by an access point of ",
}
"""In words, by how the condition keys begin."""
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
    """Ids of the organizations that policies may let in as a whole (`aws:PrincipalOrgID`, `aws:SourceOrgID`)."""


class Limit(NamedTuple):
    """One element of a statement that says whom it lets in: who passes all the others has to pass this one as well."""

    path: Path
    key: str
    """The condition key; empty for the principals."""
    others: frozenset[str]
    """All whom it lets in beside the bucket's own account."""
    strangers: frozenset[str]
    """Those of them that nobody has declared."""


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements for accounts and organizations that nobody has declared, and what those should not do."""
    for grant in grants_in(subject):
        limits = () if is_public(grant.statement) else tuple(limits_of(grant, subject))  # PUB-03 and PUB-04 say so
        if not limits:
            continue
        tightest = min(limits, key=lambda limit: (len(limit.strangers), len(limit.others)))
        if tightest.strangers:
            yield about_strangers(grant, tightest, subject)
        elif tightest.others and (taken := CONTROL & actions_of(grant.statement)):
            said = f"{grant.name} lets another account change who gets in ({in_words(taken)})"
            yield Offence(grant.element("Action"), said, "leave that to the bucket's own account", Severity.WARNING)


def limits_of(grant: Stated, subject: Subject) -> Iterator[Limit]:
    """What says whom a statement lets in, as far as it says it for certain."""
    named = principals_in(grant.statement.get("Principal"))
    owners = frozenset(owner_of(kind, one) for kind, one in named)
    if owners & OF_LOAD_BALANCERS and only_delivers(grant):
        owners -= OF_LOAD_BALANCERS
    elements = [(grant.element("Principal"), "", owners)]
    elements += [(grant.test(one.operator, one.key), one.key, one.owners) for one in owned_tests(grant)]
    for path, key, found in elements:
        limit = limit_at(path, key, found, subject)
        if limit.strangers or None not in found:
            yield limit


def limit_at(path: Path, key: str, owners: frozenset[str | None], subject: Subject) -> Limit:
    """Who of these is not the bucket's own account, and not declared. Of unknown accounts, one may be the own one."""
    own = own_account(subject)
    others = frozenset(one for one in owners if one is not None and one != own)
    strangers = others - {*subject.parameters.accounts, *subject.parameters.organizations}
    accounts = frozenset(filter(str.isdigit, strangers))
    if own is None and len(accounts) == 1:
        return Limit(path, key, others - accounts, strangers - accounts)
    return Limit(path, key, others, strangers)


def owner_of(kind: str, principal: str) -> str | None:
    """Of which account a principal is; None for everybody and whoever is of none, such as services.

    Whose a canonical user is, nobody can tell: it has to be declared as well.
    """
    if kind == "CanonicalUser" or (kind == "AWS" and CANONICAL_USER.match(principal)):
        return principal
    return account_of(principal) if kind == "AWS" else None


def about_strangers(grant: Stated, limit: Limit, subject: Subject) -> Offence:
    """That a statement lets in somebody whom nobody has declared, and how."""
    how = next((words for beginning, words in HOW.items() if limit.key.startswith(beginning)), "")
    said = f"{grant.name} lets in {how}{' and '.join(sorted(limit.strangers))}, which no setting declares"
    help_ = None
    if limit.key == BY_UNIQUE_ID:
        help_ = "name the user or the role as the principal, by its ARN"
    elif limit.strangers <= OF_LOAD_BALANCERS:
        help_ = "load balancers deliver their logs by this account: `s3:PutObject` is all that they need"
    elif own_account(subject) is None and any(map(str.isdigit, limit.strangers)):
        said += ", and one of them at most is the bucket's own account"
        help_ = "say the bucket's `account:`, and declare the others under `accounts:` of POL-03 in `reconcile.yaml`"
    return Offence(limit.path, said, help_, Severity.WARNING if is_mild(grant, limit) else None)


def is_mild(grant: Stated, limit: Limit) -> bool:
    """Whether a named service is all that is let in, for strangers, and reads nothing: it brings them no data."""
    serves = limit.key.startswith(FOR_WHOM) and not names_everybody(grant.statement.get("Principal"))
    return serves and "s3:GetObject" not in actions_of(grant.statement)


RULE = Rule(
    id="POL-03",
    title="Other accounts are let in only if they are declared",
    why="A policy that names another account trusts whoever administers that one, today and later; a mistyped id "
    "trusts a stranger. So does a condition that lets in everybody, or a service, on behalf of another account "
    "(`aws:SourceAccount`, `aws:SourceArn`), or by the access points of one (`s3:DataAccessPointAccount`): whoever has "
    "that account makes the distribution or the access point. A list of the accounts and organizations that a team "
    "works with makes each new one a decision. And whoever may change policy, ACLs or encryption from outside decides "
    "who else gets in: Security Hub's S3.6 fails five such actions (Security Hub User Guide, *Amazon S3 controls*). "
    "The accounts by which load balancers deliver logs need no declaration to do so (User Guide for Classic Load "
    "Balancers, *Enable access logs*).",
    mend="Declare the account under `accounts:`, or the organization under `organizations:`, of this rule in "
    "`reconcile.yaml`, or take it out of the policy.",
    check=check,
    parameters=Declared,
    controls={
        "Security Hub": ("S3.6",),
        "Prowler": ("s3_bucket_cross_account_access",),
    },
)
