"""A plan document as reports look at it: changes with their fields by item, and what stays as it is.

Every report is made of the JSON document alone, so that `show` says of a saved plan what `plan` said. What
the document does not repeat is read off the calls in it: a PUT carries the whole new document.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.aspects.aspect import Aspect, Call, Risk, collections_of
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.comparison import leaves
from reconciler.planning.storage import path_parts, path_text

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field: its path below the item it belongs to, before and after."""

    path: Path
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The path as text."""
        return path_text(self.path)

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


@dataclass(frozen=True, slots=True)
class ItemView:
    """A rule or a statement; or, with an empty name, what belongs to none."""

    name: str
    action: Action
    fields: tuple[FieldView, ...]
    words: str | None
    """The whole item in a sentence, where there is one."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One aspect that changes."""

    aspect: str
    action: Action
    risk: Risk
    items: tuple[ItemView, ...]
    unchanged: int
    """Fields of the document that stay as they are."""


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
        unchanged=len(remaining.keys() - {field.path for field in fields}) if action is Action.UPDATE else 0,
    )


def items_of(
    kind: type[Aspect], action: Action, fields: list[FieldView], remaining: Mapping[Path, Any], after: Aspect | None
) -> Iterator[ItemView]:
    """The fields by item; an item is new when everything in it is new, and gone when nothing of it remains."""
    collections = collections_of(kind)
    grouped: dict[Path, list[FieldView]] = {}
    for field in fields:
        depth = 2 if field.path[0] in collections and len(field.path) > 1 else 0
        grouped.setdefault(field.path[:depth], []).append(FieldView(field.path[depth:], field.before, field.after))
    words = after.item_words() if after is not None else {}
    for path in sorted(grouped, key=lambda path: (len(path) > 0, path)):
        inside = {leaf[len(path) :] for leaf in remaining if leaf[: len(path)] == path}
        new = {field.path for field in grouped[path] if field.before is None}
        if not path:
            state = action
        elif not inside:
            state = Action.DELETE
        else:
            state = Action.CREATE if inside <= new else Action.UPDATE
        name = path[-1] if path else ""
        yield ItemView(name, state, tuple(grouped[path]), words.get(name) if state is Action.CREATE else None)
