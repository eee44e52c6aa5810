"""What is asked: which specs, and of which S3.

Apart from `reconciler.run`, so that whoever only validates loads nothing that plans or talks to S3.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reconciler.endpoints.profiles import AWS, profile_named
from reconciler.errors import UsageError
from reconciler.problems import did_you_mean
from reconciler.specs.loader import Loaded, load

if TYPE_CHECKING:
    from reconciler.planning.sharding import Shard
    from reconciler.settings import Account


class Access(NamedTuple):
    """Which S3, and as whom."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    sandbox: bool = False
    endpoint_profile: str | None = None
    accounts: "tuple[Account, ...]" = ()
    """Other accounts that are reached from there."""


class Question(NamedTuple):
    """What a plan is asked for."""

    paths: tuple[str, ...]
    variables: Mapping[str, str]
    targets: tuple[str, ...] = ()
    shard: "Shard | None" = None
    """Which part of the buckets; None for all of them."""


def load_specs(question: Question, endpoint_profile: str | None = None, accounts: "Sequence[Account]" = ()) -> Loaded:
    """The specs that are asked for. Raises `InvalidSpecs` with every problem of every file."""
    loaded = load(question.paths, question.variables, profile_named(endpoint_profile or AWS.name))
    names = [bucket.spec.name for bucket in loaded.buckets]
    for target in question.targets:
        if target not in names:
            near = did_you_mean(target, names)
            raise UsageError(
                f"no spec describes the bucket `{target}`",
                remedy=f"did you mean `{near}`?" if near else "check --target",
            )
    if accounts:
        from reconciler.specs.accounts import placed

        placed(loaded.buckets, accounts)
    return loaded
