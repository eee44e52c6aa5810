"""A plan document as reports look at it: changes with their fields by item, and what stays as it is.

Every report is made of the JSON document alone, so that `show` says of a saved plan what `plan` said. What
the document does not repeat is read off the calls in it: a PUT carries the whole new document.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from reconciler.aspects.aspect import Aspect, collections_of
from reconciler.aspects.calls import Call, Risk
from reconciler.aspects.markers import KeyedBy, marker_of
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.comparison import leaves
from reconciler.planning.storage import path_parts

Path = tuple[str, ...]


class FieldView(NamedTuple):
    """One field: its path below the item it belongs to, before and after."""

    path: Path
    before: Any
    after: Any

    @property
    def action(self) -> Action:
        """Whether the field is new, gone or different."""
        if self.before is None:
            return Action.CREATE
        return Action.DELETE if self.after is None else Action.UPDATE

    @property
    def value(self) -> Any:
        """The value of a field that is new or gone."""
        return self.after if self.before is None else self.before


class ItemView(NamedTuple):
    """A rule or a statement; or, without a name, what belongs to none."""

    name: str | None
    action: Action
    fields: tuple[FieldView, ...]
    words: str | None
    """A whole item that comes or goes in a sentence, where there is one."""


class ChangeView(NamedTuple):
    """One aspect that changes."""

    aspect: str
    action: Action
    risk: Risk
    items: tuple[ItemView, ...]
    unchanged: Mapping[str, int]
    """How much of the document stays as it is: rules or statements, and fields beside them."""
    consequences: tuple[str, ...] = ()
    """What it costs, a sentence each."""

    @property
    def word(self) -> FieldView | None:
        """The one field of an aspect that is no more than a word, like versioning."""
        first = next(iter(BucketSpec.aspects()[self.aspect].model_fields))
        fields = [field for item in self.items for field in item.fields]
        alone = len(fields) == 1 and not sum(self.unchanged.values())
        return fields[0] if alone and fields[0].path == (first,) and isinstance(fields[0].value, str) else None


def changes_of(bucket: Mapping[str, Any]) -> Iterator[ChangeView]:
    """The changes of one bucket of the document, the bucket itself left out: worst risk first."""
    order = list(Risk)
    found = [change for change in bucket["changes"] if change["aspect"] != BUCKET]
    for change in sorted(found, key=lambda change: order.index(Risk(change["risk"]))):
        yield change_view(change)


def change_view(change: Mapping[str, Any]) -> ChangeView:
    """One change with its fields sorted into items."""
    kind = BucketSpec.aspects()[change["aspect"]]
    action = Action(change["action"])
    after = None if action is Action.DELETE else kind.from_calls([Call(**call) for call in change["calls"]])
    remaining = dict(leaves(after.picture())) if after is not None else {}
    fields = [FieldView(path_parts(field["path"]), field["before"], field["after"]) for field in change["fields"]]
    return ChangeView(
        aspect=change["aspect"],
        action=action,
        risk=Risk(change["risk"]),
        items=tuple(items_of(kind, action, fields, remaining, after)),
        unchanged=unchanged(kind, fields, remaining) if action is Action.UPDATE else {},
        consequences=tuple(change.get("consequences", ())),
    )


def items_of(
    kind: type[Aspect], action: Action, fields: list[FieldView], remaining: Mapping[Path, Any], after: Aspect | None
) -> Iterator[ItemView]:
    """The fields by item; an item is new when everything in it is new, and gone when nothing of it remains."""
    grouped: dict[Path, list[FieldView]] = {}
    for field in fields:
        path = item_path(kind, field.path)
        grouped.setdefault(path, []).append(FieldView(field.path[len(path) :], field.before, field.after))
    for path in sorted(grouped, key=lambda path: (len(path) > 0, path)):
        inside = {leaf[len(path) :] for leaf in remaining if leaf[: len(path)] == path}
        new = {field.path for field in grouped[path] if field.before is None}
        state = action
        if path:
            state = Action.DELETE if not inside else Action.CREATE if inside <= new else Action.UPDATE
        name = path[-1] if path else None
        yield ItemView(name, state, tuple(grouped[path]), words_of(kind, path, state, grouped[path], after))


def item_path(kind: type[Aspect], path: Path) -> Path:
    """The part of a field's path that leads to its item; empty for a field that belongs to none."""
    return path[:2] if path[:1] and path[0] in collections_of(kind) and len(path) > 1 else ()


def unchanged(kind: type[Aspect], fields: Iterable[FieldView], remaining: Iterable[Path]) -> Mapping[str, int]:
    """How many items are left alone, and how many fields beside those that change."""
    changed = {field.path for field in fields}
    touched = {item_path(kind, path) for path in changed}
    kept = [path for path in remaining if not any(path[:depth] in changed for depth in range(len(path) + 1))]
    whole = {item for item in map(partial(item_path, kind), kept) if item and item not in touched}
    counts = Counter(item[0].lower().removesuffix("s") for item in whole)
    counts["field"] = sum(item_path(kind, path) not in whole for path in kept)
    return counts


# ── items in words ───────────────────────────────────────────────────────────────────────────────────


def words_of(
    kind: type[Aspect], path: Path, state: Action, fields: Iterable[FieldView], after: Aspect | None
) -> str | None:
    """A whole item in a sentence: one that comes, from the document to have; one that goes, from what it was."""
    if not path or state is Action.UPDATE or kind.item_words is Aspect.item_words:
        return None
    if state is Action.DELETE:
        after = made_again(kind, path, fields)
    return after.item_words().get(path[-1]) if after is not None else None


def made_again(kind: type[Aspect], path: Path, fields: Iterable[FieldView]) -> Aspect | None:
    """A document with one item that is gone, from the fields that tell of it; None where they do not say enough."""
    shown: dict[str, Any] = {}
    for field in fields:
        *above, last = *path, *field.path
        place = shown
        for part in above:
            place = place.setdefault(part, {})
        place[last] = field.before
    try:
        return kind.model_validate(unpictured(kind, shown), by_name=True, by_alias=False)
    except ValidationError:
        return None


def unpictured(kind: type[BaseModel], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of a picture: what is shown as a mapping by identity is a list again."""
    plain = dict(shown)
    for name, info in kind.model_fields.items():
        key = marker_of(info, KeyedBy)
        if key is not None and name in plain:
            item = get_args(info.annotation)[0]
            plain[name] = [unpictured(item, value) | {key.field: identity} for identity, value in plain[name].items()]
    return plain
