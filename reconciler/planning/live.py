"""LiveBucket: what the reader found in S3, with "there is none" told from "cannot tell"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from reconciler.aspects.aspect import Aspect
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS

if TYPE_CHECKING:
    from reconciler.planning.contents import Contents


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that could not be read, or not understood: neither there nor absent."""

    why: str
    remedy: str


LiveAspect: TypeAlias = Aspect | Unreadable | None
"""A value, None where there is none, or the reason why nobody can tell."""


class Existence(StrEnum):
    """What is known of a name."""

    EXISTS = "exists"
    MISSING = "missing"
    UNCLEAR = "unclear"
    """The name is taken, and the bucket is not ours, not readable, or not where the spec says."""


@dataclass(frozen=True, slots=True)
class LiveBucket:
    """One bucket as it is, as far as its spec asks about it."""

    name: str
    existence: Existence
    region: str | None = None
    trouble: Unreadable | None = None
    """Why the whole bucket is out of reach; set when `existence` is unclear."""
    aspects: Mapping[str, LiveAspect] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """The ARNs of the KMS keys that aliases stand for, as far as that decides anything and KMS would say."""
    contents: "Contents | Unreadable | None" = None
    """What is in it; None unless the spec has the bucket go."""
    role_arn: str | None = None
    """The ARN of the caller's role, with its path, where that decides what the policy says to the caller."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, and whom."""

    account: str | None
    """The account of the credentials; None where an endpoint without STS cannot tell."""
    endpoint: str | None
    """The URL of the S3 that is asked; None for AWS; ``sandbox`` for the embedded one."""
    region: str | None
    """Where a bucket is created whose spec does not say."""
    profile: Profile = field(default=AWS, compare=False)
    """What kind of S3 it is, as somebody said or as its answers show."""
    caller: str | None = field(default=None, compare=False)
    """The ARN of the credentials, as STS tells it; None where nobody tells. No plan holds it: who reviews is not
    who applies."""
