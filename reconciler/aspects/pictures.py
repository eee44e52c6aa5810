"""Documents as people see them: plain data, without what is internal, lists with identity as mappings."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from reconciler.aspects.markers import Internal, KeyedBy, marker_of


def picture(value: Any) -> Any:
    """Plain data for people: what is internal or not set left out, lists with identity as mappings."""
    if isinstance(value, BaseModel):
        shown: dict[str, Any] = {}
        for name, info in type(value).model_fields.items():
            item = getattr(value, name)
            if item is None or marker_of(info, Internal) is not None:
                continue
            key = marker_of(info, KeyedBy)
            shown[name] = keyed(item, key.field) if key is not None else picture(item)
        shown = {name: item for name, item in shown.items() if item not in ({}, [])}
        return shown | (picture(value.model_extra) if value.model_extra else {})
    if isinstance(value, Mapping):
        return {str(name): picture(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [picture(item) for item in value]
    return value


def keyed(items: Sequence[BaseModel], key: str) -> dict[str, Any]:
    """A list with identity as a mapping; repeated identities, which only a refused spec has, are numbered."""
    shown: dict[str, Any] = {}
    for item in items:
        name = str(getattr(item, key))
        while name in shown:
            name += "'"
        shown[name] = {field: value for field, value in picture(item).items() if field != key}
    return shown
