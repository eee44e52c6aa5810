"""What a spec says for those who review it: what the bucket is for, and what may stay as it is for a while.

Neither changes anything in S3.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reconciler.problems import Code
from reconciler.scalars import Text

NOT_A_WAIVER = Code(
    "RCL2014",
    "a waiver that nobody could check",
    "A waiver names a rule (`reconcile lint` shows its id), says why it may be broken, who answers for that, and until "
    "when: `{rule: LIF-01, reason: …, owner: …, expires: 2027-03-31}`.",
)
CODES = (NOT_A_WAIVER,)

Purpose = Literal[
    "raw", "processed", "curated", "reference", "temp", "lake", "logs", "backup", "artifacts", "website", "other"
]
"""What a bucket can be for. `lake` holds several of the first five under prefixes of its own."""


DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Python also reads weeks (``2030-W01-1``), which nobody here writes."""


def day(value: object) -> date:
    """A day from ``2027-03-31``."""
    try:
        return date.fromisoformat(str(value) if DAY.fullmatch(str(value)) else "")
    except ValueError:
        raise PydanticCustomError(
            NOT_A_WAIVER.code, "this is not a day", {"help": "write it like 2027-03-31: the last day on which it holds"}
        ) from None


def something(value: object) -> object:
    """A text with something in it."""
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError(NOT_A_WAIVER.code, "this says nothing", {"help": "whoever reviews it wants to know"})
    return value


Said = Annotated[Text, BeforeValidator(something)]


class Waiver(BaseModel):
    """That one rule may be broken in this bucket, for a reason and for a time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Annotated[Said, Field(examples=["LIF-01"])]
    """The id of a guardrail."""
    reason: Annotated[Said, Field(examples=["ends with the migration"])]
    """Why it may be broken."""
    owner: Annotated[Said, Field(examples=["data-platform"])]
    """Who answers for it."""
    expires: Annotated[date, BeforeValidator(day), Field(examples=["2027-03-31"])]
    """The last day on which it holds; from the next one on, the waiver itself is an error."""
