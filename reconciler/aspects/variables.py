"""Variables in the strings of a spec: ``${account_id}``, ``${region}``, ``${partition}``, ``${bucket}``, own ones.

A closed set, filled into whole strings or parts of them, in values only. Nothing is ever read from the
environment. IAM's own policy variables (``${aws:username}``, ``${*}``) pass through untouched.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A variable of ours. IAM's have a colon, or are one of * ? $."""


def fill(value: Any, variables: Mapping[str, str | None]) -> Any:
    """Plain data with the variables that have a value filled in; the others stay as they are written."""
    if isinstance(value, str):
        return fill_text(value, variables) if "${" in value else value
    if isinstance(value, Mapping):
        return {name: fill(item, variables) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, variables) for item in value]
    return value


def fill_text(text: str, variables: Mapping[str, str | None]) -> str:
    """One string with its variables filled in; an empty text is a value too."""

    def filled_in(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        return match[0] if value is None else value

    return VARIABLE.sub(filled_in, text)


def filled_length(text: str, variables: Mapping[str, str | None]) -> int:
    """How many characters a string has once its variables are filled in, known before it is made."""
    names = VARIABLE.findall(text)
    return len(text) + sum(len(value) - len(name) - 3 for name in names if (value := variables.get(name)) is not None)


def variables_in(value: Any) -> Iterator[str]:
    """The names of our variables that plain data or a model still holds."""
    if isinstance(value, str):
        if "${" in value:
            yield from VARIABLE.findall(value)
    elif isinstance(value, BaseModel):
        for _, item in value:
            yield from variables_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from variables_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from variables_in(item)
