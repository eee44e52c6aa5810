"""Which fields differ, by name and identity.

Whether two documents differ is decided by ``==`` on their canonical form. Here DeepDiff explains the
difference to people. It is loaded only when there is one.
"""

from collections.abc import Iterator
from typing import Any

from reconciler.planning.changeset import FieldChange

Path = tuple[str, ...]


def field_changes(before: Any, after: Any) -> tuple[FieldChange, ...]:
    """The fields that differ between two pictures, in the order in which they are read."""
    if before is None or after is None:
        shown = before if after is None else after
        changes = [
            FieldChange(path, None if before is None else value, None if after is None else value)
            for path, value in leaves(shown)
        ]
        return tuple(changes)
    reading_order = [path for side in (after, before) for path, _ in leaves(side)]
    changes = []
    for path in sorted(differing_paths(before, after), key=lambda path: position(path, reading_order)):
        old, new = look_up(before, path), look_up(after, path)
        if old is None or new is None:
            # what is new or gone as a whole is told field by field
            for below, value in leaves(new if old is None else old):
                pair = (None, value) if old is None else (value, None)
                changes.append(FieldChange(path + below, *pair))
        else:
            changes.append(FieldChange(path, old, new))
    return tuple(changes)


def position(path: Path, reading_order: list[Path]) -> int:
    """Where what lies at or under a path is read first."""
    return next(index for index, leaf in enumerate(reading_order) if leaf[: len(path)] == path)


def differing_paths(before: Any, after: Any) -> set[Path]:
    """The shortest paths under which two pictures differ; a list is one value."""
    from deepdiff import DeepDiff

    # a key that begins with two underscores is private to DeepDiff unless told otherwise; to S3 it is a key
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    found: set[Path] = set()
    for levels in tree.values():
        for level in levels:
            path: list[str] = []
            value: Any = before if isinstance(before, dict) else after
            for part in level.path(output_format="list"):
                if isinstance(value, list):
                    break
                path.append(str(part))
                value = look_up(before, tuple(path))
                if value is None:
                    value = look_up(after, tuple(path))
            found.add(tuple(path))
    return found


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar and list with the path of keys that leads to it; an empty mapping is one too."""
    if isinstance(value, dict) and value:
        for name in value:
            yield from leaves(value[name], (*path, str(name)))
    else:
        yield path, value


def look_up(value: Any, path: Path) -> Any:
    """What lies under a path of keys, or None."""
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
