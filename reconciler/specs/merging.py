"""`defaults:` merged under a bucket.

Maps deep; lists with identity (lifecycle rules by `id`, statements by `Sid`) item by item; other lists are
replaced; what the bucket says itself always wins. The places of the values come along, so that a mistake
is shown where it was written.
"""

from collections.abc import Mapping

from reconciler.specs.fields import identities
from reconciler.strict_yaml import Node

Path = tuple[str, ...]


def merged(default: Node, own: Node, path: Path = ()) -> Node:
    """The bucket's own value over the default one."""
    if isinstance(default.value, dict) and isinstance(own.value, dict):
        return merged_mappings(default, own, path)
    key = identities().get(path)
    if key is not None and isinstance(default.value, list) and isinstance(own.value, list):
        return merged_lists(default, own, path, key)
    return own


def merged_mappings(default: Node, own: Node, path: Path) -> Node:
    """Every name of both; the bucket's own order first."""
    children: dict[str, Node] = {}
    for name in (*own.value, *(name for name in default.value if name not in own.value)):
        below = (*path, name)
        if name not in default.value:
            children[name] = own.value[name]
        elif name not in own.value:
            children[name] = default.value[name]
        else:
            children[name] = merged(default.value[name], own.value[name], below)
    return Node(children, own.span, own.source, {**default.keys, **own.keys})


def merged_lists(default: Node, own: Node, path: Path, key: str) -> Node:
    """Items with the same identity merged; those of the bucket alone after those of the defaults."""
    named = by_identity(own, key)
    items = [
        merged(item, named.pop(identity), path) if (identity := identity_of(item, key)) in named else item
        for item in default.value
    ]
    rest = [item for item in own.value if identity_of(item, key) is None or identity_of(item, key) in named]
    return Node([*items, *rest], own.span, own.source)


def by_identity(node: Node, key: str) -> dict[str | None, Node]:
    """The items of a list that have an identity."""
    return {identity: item for item in node.value if (identity := identity_of(item, key)) is not None}


def identity_of(item: Node, key: str) -> str | None:
    """What an item is known by."""
    value: Mapping[str, Node] = item.value if isinstance(item.value, dict) else {}
    return str(value[key].value) if key in value else None
