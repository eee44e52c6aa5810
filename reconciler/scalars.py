"""The scalars of a spec: what counts as text, a number, a switch and a moment.

YAML turns ``1.10`` into 1.1 and ``012345678901`` into another number altogether. The strict reader keeps
what was written (`WrittenInt`, `WrittenFloat`), and `Text` asks for just that, so that a string field
holds what the person typed.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError


class WrittenInt(int):
    """An integer that remembers how it was written."""

    written: str


class WrittenFloat(float):
    """A decimal number that remembers how it was written."""

    written: str


def as_written(value: Any) -> Any:
    """The source text of a number, so that a string field keeps ``1.10`` and leading zeros."""
    return value.written if isinstance(value, WrittenInt | WrittenFloat) else value


def moment(value: Any) -> str:
    """A date in every spelling S3 and people use, as ``2030-01-01T00:00:00Z``.

    S3 keeps lifecycle dates as midnight UTC and answers ``2030-01-01T00:00:00.000Z`` (recorded by
    LocalStack against AWS); people write ``2030-01-01``.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise PydanticCustomError("RCL1108", "this is not an ISO 8601 date", {"help": "write it like 2030-01-31"})
    when = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError as error:
        raise PydanticCustomError("RCL1108", "in UTC, this date is outside of the years 1 to 9999") from error


Text = Annotated[str, BeforeValidator(as_written)]
Count = StrictInt
Flag = StrictBool
Moment = Annotated[
    str,
    BeforeValidator(moment),
    Field(examples=["2030-01-31"], description="An ISO 8601 date; S3 wants midnight UTC."),
]
