"""`defaults:` merged under a bucket.

Maps deep; lists with identity (lifecycle rules by `id`, statements by `Sid`) item by item; other lists are
replaced; what the bucket says itself always wins. The places of the values come along, so that a mistake
is shown where it was written.
"""

from reconciler.nodes import Node
from reconciler.specs.fields import identities, lists_of_one

Path = tuple[str, ...]


def merged(default: Node, own: Node, path: Path = ()) -> Node:
    """The bucket's own value over the default one."""
    key = identities().get(path)
    if key is not None and holds_items(default, path) and holds_items(own, path):
        return merged_lists(default, own, path, key)
    if isinstance(default.value, dict) and isinstance(own.value, dict):
        return merged_mappings(default, own, path)
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
    theirs = default.keys if default.source is own.source else {name: default.written(name) for name in default.keys}
    return Node(children, own.where, own.source, {**theirs, **own.keys}, default.holds | own.holds)


def holds_items(node: Node, path: Path) -> bool:
    """Whether this is a list, or one mapping where AWS takes it for a list of one."""
    return isinstance(node.value, list) or (isinstance(node.value, dict) and path in lists_of_one())


def items_of(node: Node) -> list[Node]:
    """The items of a list; one mapping stands for a list of one."""
    return node.value if isinstance(node.value, list) else [node]


def merged_lists(default: Node, own: Node, path: Path, key: str) -> Node:
    """Items with the same identity merged where the defaults have them; the bucket's others after them."""
    named: dict[str | None, Node] = {}
    for item in items_of(own):
        named.setdefault(identity_of(item, key), item)
    named.pop(None, None)
    items: list[Node] = []
    for item in items_of(default):
        same = named.get(identity_of(item, key))
        items.append(merged_mappings(item, same, path) if same is not None else item)
    joined = {id(named[name]) for item in items_of(default) if (name := identity_of(item, key)) in named}
    items += (item for item in items_of(own) if id(item) not in joined)
    return Node(items, own.where, own.source, holds=default.holds | own.holds)


def identity_of(item: Node, key: str) -> str | None:
    """What an item is known by."""
    return item.value[key].text if isinstance(item.value, dict) and key in item.value else None
