"""JSON values as AWS takes them: one for a list of one, a number for its text."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Statement = dict[str, Any]

ACTIONS = ("Action", "NotAction")
RESOURCES = ("Resource", "NotResource")
MEMBERS = (*ACTIONS, *RESOURCES)
"""Elements that hold a set of strings, or one string."""
PRINCIPALS = ("Principal", "NotPrincipal")
STATEMENT_ELEMENTS = ("Sid", "Effect", *PRINCIPALS, *MEMBERS, "Condition")
"""The elements of a statement as people read them: who may do what with what, and when."""


def statements_of(policy: Mapping[str, Any]) -> list[Any]:
    """The statements; one object stands for a list of one."""
    return as_list(policy.get("Statement"))


def members(written: Mapping[str, Any], name: str) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The members under a name with the paths that lead to them; one value stands for a list of one."""
    value = written.get(name)
    if isinstance(value, list | tuple):
        yield from (((name, index), item) for index, item in enumerate(value))
    else:
        yield (name,), value


def read(text: str) -> Any:
    """The text of a policy as data, its numbers as they are written: AWS takes one for its text.

    Raises ValueError for text that is not JSON, and where a name stands twice: who knows which one counts.
    """
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=each_once)


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, whose names are its own. Raises ValueError where one stands twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"`{name}` stands twice in one object of the policy")
        found[name] = value
    return found


def scalar(value: Any) -> str:
    """A JSON scalar as the string that AWS takes it for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def as_list(value: Any) -> list[Any]:
    """One value stands for a list of one; nothing, for an empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def unique(values: Iterable[str]) -> list[str]:
    """Sorted, each once."""
    return sorted(set(values))


def text_of(value: Any) -> str:
    """A stable text for sorting and comparing."""
    return json.dumps(value, sort_keys=True, default=str)
