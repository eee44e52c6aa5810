"""Which bucket belongs to which of the accounts that `reconcile.yaml` lists.

The spec's own `account:` says it first, then a name in an account's own namespace, then the patterns of the accounts.
Whatever none of them claims belongs to the run's own credentials.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from reconciler.aspects.aspect import Refusal
from reconciler.bucket import BucketSpec
from reconciler.errors import InvalidSpecs
from reconciler.names import namespace_of
from reconciler.problems import Code, in_order
from reconciler.settings import Account
from reconciler.specs.loader import Declared, late_problems

TWO_ACCOUNTS = Code(
    "RCL1403",
    "a bucket that two accounts claim",
    "The patterns of more than one account in `accounts:` match the bucket's name. Nobody could tell whose it is to "
    "be: say `account:` in its spec, or make the patterns narrower.",
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
    refusals: list[tuple[Declared, Refusal]] = []
    for bucket in buckets:
        claims = claiming(bucket.spec, accounts)
        refusals += ((bucket, refusal) for refusal in refusals_of(bucket.spec, claims))
        found.setdefault(claims[0] if claims else None, []).append(bucket)
    if refusals:
        raise InvalidSpecs(in_order(late_problems(refusals)))
    return found


def claiming(spec: BucketSpec, accounts: Sequence[Account]) -> list[Account]:
    """The accounts that claim a bucket: none for the run's own credentials, several where nobody could tell."""
    owner = namespace_of(spec.name)
    said = spec.account or (owner.account if owner else None)
    if said is not None:
        return [account for account in accounts if account.account == said]
    return [one for one in accounts if any(fnmatchcase(spec.name, pattern) for pattern in one.buckets)]


def refusals_of(spec: BucketSpec, claims: Sequence[Account]) -> Iterator[Refusal]:
    """What is wrong with where a bucket belongs."""
    if len(claims) > 1:
        names = " and ".join(one.account for one in claims)
        said = f"the patterns of accounts {names} match `{spec.name}`"
        yield Refusal(TWO_ACCOUNTS, ("name",), said, "write `account:` here, or narrower patterns")
    elif claims and claims[0].regions and spec.region is not None and spec.region not in claims[0].regions:
        said = f"account {claims[0].account} has no buckets in `{spec.region}`"
        hint = f"`regions:` of `accounts:` has {', '.join(claims[0].regions)}"
        yield Refusal(OUTSIDE_OF_REGIONS, ("region",), said, hint)
