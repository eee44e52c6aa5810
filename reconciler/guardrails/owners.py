"""Whose the requests are that a condition lets pass: the account or the organization that its values name.

Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Actions, resources,
and condition keys for Amazon S3".
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reconciler.guardrails.rule import Subject
from reconciler.guardrails.statements import Stated, own_account, tests_in
from reconciler.policy_language.exposure import BINDING_OPERATORS
from reconciler.policy_language.resources import known_part

TYING = BINDING_OPERATORS | {f"ForAnyValue:{operator}" for operator in BINDING_OPERATORS}
"""Operators of tests that fail for a request without the key. Paths of organizations are tested as sets."""
FOR_WHOM = "aws:source"
"""How the keys begin that say for whom a service asks; who asks by himself has none of them."""
BY_ACCESS_POINT = "s3:dataaccesspoint"
BY_UNIQUE_ID = "aws:userid"


class Owned(NamedTuple):
    """One test of a condition, and whose the requests are that pass it."""

    operator: str
    key: str
    owners: frozenset[str | None]
    """Accounts, organizations and unique ids; None among them where a value names nobody, or not for certain."""


def whole(value: str) -> str | None:
    """A value that stands for nothing but itself."""
    return value if value and known_part(value) == value else None


def account_in(arn: str) -> str | None:
    """The account of an ARN; that of a bucket has none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else None


def organization_in(path: str) -> str | None:
    """The organization in which a path begins, like ``o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/``."""
    organization, slash, _ = path.partition("/")
    return whole(organization) if slash else None


OWNERS: Mapping[str, Callable[[str], str | None]] = {
    "aws:principalorgid": whole,
    "aws:principalorgpaths": organization_in,
    "aws:principalaccount": whole,
    "aws:principalarn": account_in,
    "aws:sourceorgid": whole,
    "aws:sourceorgpaths": organization_in,
    "aws:sourceaccount": whole,
    "aws:sourceowner": whole,
    "aws:sourcearn": account_in,
    f"{BY_ACCESS_POINT}account": whole,
    f"{BY_ACCESS_POINT}arn": account_in,
    BY_UNIQUE_ID: whole,
}
"""By the keys that name an owner: which one a value names."""


def owned_tests(grant: Stated) -> Iterator[Owned]:
    """The tests of a statement that only requests pass of those whom they name."""
    for operator, key, values in tests_in(grant):
        owner = OWNERS.get(key)
        if owner is not None and operator in TYING:
            yield Owned(operator, key, frozenset(map(owner, values)))


def may_be_own(owners: frozenset[str | None], subject: Subject) -> bool:
    """Whether nobody is among them but the bucket's own account, or one that may be it, where nobody knows which."""
    own = own_account(subject)
    return None not in owners and (len(owners) <= 1 if own is None else owners <= {own})
