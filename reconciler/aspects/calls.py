"""S3 as data: calls, the row of an aspect's API, and what a call does and may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

Wire = dict[str, Any]
Params = Mapping[str, Any]


class Effect(StrEnum):
    """What a call does to who can reach the bucket and what can be recovered from it.

    The lane of a bucket runs them in this order, so that no moment in between is more public or less
    recoverable than the worse of before and after.
    """

    TIGHTEN = "tighten"
    NEUTRAL = "neutral"
    LOOSEN = "loosen"


class Risk(StrEnum):
    """What a change may cost, worst first."""

    LOSES_DATA = "loses-data"
    LOSES_PROTECTION = "loses-protection"
    WIDENS_ACCESS = "widens-access"
    CUTS_ACCESS = "cuts-access"
    COSTS_MONEY = "costs-money"
    HARMLESS = "harmless"


@dataclass(frozen=True, slots=True)
class Call:
    """One S3 call as data: boto3's operation name and its parameters.

    The executor alone performs it, adding ``Bucket`` and ``ExpectedBucketOwner``.
    """

    operation: str
    params: Params = field(default_factory=dict)
    effect: Effect = Effect.NEUTRAL


class S3Api(NamedTuple):
    """How one aspect is read and written: one row of the table that all of them form."""

    get: str
    put: str
    delete: str | None
    """None where S3 has no such call: a versioned bucket cannot become an unversioned one."""
    document: str | None
    """The XML element that a GET answers with; None where the body is not XML. A server that does not know
    a sub-resource may answer with something else altogether (a listing), which must not be believed."""
    absent: frozenset[str]
    """The exact error codes that mean "there is none". Every other error means "cannot tell"."""
    to_read: tuple[str, ...]
    to_write: tuple[str, ...]
    """IAM actions."""
    of_object: bool = False
    """Whether these actions are about an object in the bucket rather than the bucket."""
    wraps: str | None = None
    """The parameter of the PUT that holds the document, where the GET answers without it."""
    visible_within: float = 60
    """Seconds for which a read may still show the document of before: S3's configuration is eventually consistent."""


AT_APPLY = "(set when applied)"
"""Stands in a call for the time of the apply, which only the executor knows."""
