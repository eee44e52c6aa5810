"""Regular expressions that somebody else has written: in settings, and in JSON Schemas.

The engine is pydantic's own, Rust's `regex`. Its time grows with the text, whatever the expression; with Python's, ten
characters of a schema in a pull request would hold up the check of it for ever. What it does not know is look-around
and references back.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

UNKNOWN = "a regular expression, without look-around and references back"
"""What is to be written instead of what the engine does not know."""


@lru_cache(maxsize=256)
def compiled(expression: str) -> TypeAdapter[str]:
    """An expression that is looked for. Raises ValueError for what is none, or is one that nobody here understands."""
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=expression)])
    except SchemaError:
        raise ValueError(f"`{expression}` is not {UNKNOWN}") from None


def found(expression: str, text: str) -> bool:
    """Whether it fits somewhere in a text. Raises ValueError as `compiled` does."""
    try:
        compiled(expression).validate_python(text)
    except ValidationError:
        return False
    return True


def fits(expression: str, text: str) -> bool:
    """Whether it fits a whole text. Raises ValueError as `compiled` does."""
    compiled(expression)  # also on its own: `a)|(b` is none
    return found(f"^(?:{expression})$", text)
