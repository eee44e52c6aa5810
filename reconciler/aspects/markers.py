"""Markers on fields: what is peculiar about a field, said where the field is declared."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo


class KeyedBy(NamedTuple):
    """Marks a list whose items have identity, so that a diff says ``rules.expire-logs``, not ``rules[3]``.

    Put it outside of ``| None``: inside, Pydantic does not see it.
    """

    field: str
    merges: bool = True
    """Whether `defaults:` are merged item by item; where not, a bucket's own list replaces the default one."""


class KeptFromLive(NamedTuple):
    """Marks a field that keeps its live value when the spec leaves it out; `default` when there is none."""

    default: Any = None


class Derived:
    """Marks a field that people see and never write: it follows from the rest of the spec."""


class Internal:
    """Marks a field that people neither write nor see, like an ETag."""


class ShownWith(NamedTuple):
    """Marks a field of the bucket that means nothing by itself: its example shows these other fields beside it."""

    beside: Mapping[str, Any]


def marker_of(info: FieldInfo, kind: type[Any]) -> Any:
    """The marker of this kind on a field, or None."""
    return next((mark for mark in info.metadata if isinstance(mark, kind)), None)
