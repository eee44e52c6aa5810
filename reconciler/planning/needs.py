"""What an apply needs beyond a plain yes: somebody's word for what may be lost, or for how much is touched at once.

``--auto-approve`` says yes to a plan. It says nothing of these: each has a flag of its own, for that one thing alone.
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What somebody's word is needed for."""

    CONSENT = "consent"
    """A risk in one bucket."""
    LIMIT = "limit"
    """How much one run may do."""
    GUARDRAIL = "guardrail"
    """A rule that the spec of a bucket breaks."""


class Need(NamedTuple):
    """One word that is needed, why, and the flag that says it."""

    kind: Kind
    about: str
    """The bucket, or the limit's name."""
    why: str
    flag: str
