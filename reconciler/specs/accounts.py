"""Which bucket belongs to which of the accounts that `reconcile.yaml` lists.

The spec's own `account:` says it first, then a name in an account's own namespace, then the patterns of the accounts.
Whatever none of them claims belongs to the run's own credentials.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from reconciler.errors import InvalidSpecs
from reconciler.names import namespace_of
from reconciler.problems import Code, Problem, in_order
from reconciler.settings import Account
from reconciler.specs.loader import Declared

TWO_ACCOUNTS = Code(
    "RCL1403",
    "a bucket that two accounts claim",
    "The patterns of more than one account in `accounts:` match the bucket's name. Nobody could tell whose it is to be: "
    "say `account:` in its spec, or make the patterns narrower.",
)
OUTSIDE_OF_REGIONS = Code(
    "RCL1404",
    "a region that this account does not have",
    "`regions:` of an account in `accounts:` lists where its buckets may be, and the spec says another region.",
)
CODES = (TWO_ACCOUNTS, OUTSIDE_OF_REGIONS)

Placed = Mapping[Account | None, Sequence[Declared]]
"""The buckets of each account; None is the run's own credentials."""


def placed(buckets: Sequence[Declared], accounts: Sequence[Account]) -> Placed:
    """The buckets by account. Raises `InvalidSpecs` with every bucket that is in no place."""
    found: dict[Account | None, list[Declared]] = {}
    problems: list[Problem] = []
    for bucket in buckets:
        claims = claiming(bucket, accounts)
        problems += problems_with(bucket, claims)
        found.setdefault(claims[0] if claims else None, []).append(bucket)
    if problems:
        raise InvalidSpecs(in_order(problems))
    return found


def claiming(bucket: Declared, accounts: Sequence[Account]) -> list[Account]:
    """The accounts that claim a bucket: none for the run's own credentials, several where nobody could tell."""
    owner = namespace_of(bucket.spec.name)
    said = bucket.spec.account or (owner.account if owner else None)
    if said is not None:
        return [account for account in accounts if account.account == said]
    return [one for one in accounts if any(fnmatchcase(bucket.spec.name, pattern) for pattern in one.buckets)]


def problems_with(bucket: Declared, claims: Sequence[Account]) -> Iterator[Problem]:
    """What is wrong with where a bucket belongs."""
    spec = bucket.spec
    if len(claims) > 1:
        names = " and ".join(one.account for one in claims)
        said = f"the patterns of accounts {names} match `{spec.name}`"
        yield problem_at(bucket, TWO_ACCOUNTS, said, "name", "write `account:` here, or narrower patterns")
    elif claims and claims[0].regions and spec.region is not None and spec.region not in claims[0].regions:
        said = f"account {claims[0].account} has no buckets in `{spec.region}`"
        hint = f"`regions:` of `accounts:` has {', '.join(claims[0].regions)}"
        yield problem_at(bucket, OUTSIDE_OF_REGIONS, said, "region", hint)


def problem_at(bucket: Declared, code: Code, said: str, field: str, hint: str) -> Problem:
    """A problem at a field of a bucket, or at the bucket where nobody has kept how it is written."""
    if bucket.node is None:
        return Problem(code.code, said, bucket.place, hint)
    return bucket.node.problem(code, said, (field,), hint)
