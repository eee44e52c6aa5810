"""The fields of a spec by their path: what may stand where, and what it means.

Read off the models, for error messages ("did you mean"), for merging lists by identity, and for
``reconcile explain bucket.lifecycle.rules``.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo

from reconciler.aspects.markers import Derived, Internal, KeyedBy, marker_of
from reconciler.bucket import BucketSpec, aspect_of

SpecPath = tuple[str | int, ...]


class Field(NamedTuple):
    """One field: its path, where it is declared, and what may stand there."""

    path: SpecPath
    info: FieldInfo | None
    kind: Any
    """The model, the scalar type, or the type of list or mapping."""

    @property
    def model(self) -> type[BaseModel] | None:
        """The model whose fields stand below this one."""
        model = model_in(self.kind)
        return None if model is not None and issubclass(model, RootModel) else model


BUCKET = Field((), None, BucketSpec)


def model_in(kind: Any) -> type[BaseModel] | None:
    """The model in a type, through unions, lists and annotations."""
    if isinstance(kind, type):
        return kind if issubclass(kind, BaseModel) else None
    return next((model for part in get_args(kind) if (model := model_in(part))), None)


def choices_in(kind: Any) -> tuple[str, ...]:
    """The words that a type allows, if it allows only some."""
    if get_origin(kind) is Literal:
        return tuple(str(word) for word in get_args(kind))
    return tuple(word for part in get_args(kind) for word in choices_in(part))


@cache
def one_word(kind: Any) -> tuple[str, ...]:
    """The words that may stand for a whole mapping: those of its first field, where the model takes one."""
    model = model_in(kind)
    if model is None:
        return ()
    words = choices_in(next(iter(model.model_fields.values())).annotation)
    try:
        for word in words:
            model.model_validate(word)
    except ValidationError:
        return ()
    return words


@cache
def documents_of_others() -> frozenset[SpecPath]:
    """Where documents in other people's languages stand, which a spec may also take from a file."""
    return frozenset((name, *path) for name, aspect in BucketSpec.aspects().items() for path in aspect.from_file)


def field_at(path: SpecPath, root: Field = BUCKET) -> Field | None:
    """The field at a path from the bucket, or another root; positions and identities in lists are passed over."""
    found = root
    for part in path:
        model = found.model
        if model is None:
            return found if not isinstance(part, str) or model_in(found.kind) is not None else None
        info = model.model_fields.get(part) if isinstance(part, str) else None
        if info is None:
            continue
        found = Field((*found.path, part), info, aspect_of(info) or info.annotation)
    return found


def names_at(path: SpecPath, root: Field = BUCKET) -> tuple[str, ...]:
    """The names that may be written in the mapping at a path."""
    field = field_at(path, root)
    model = field.model if field is not None else None
    if model is None:
        return ()
    return tuple(name for name, info in model.model_fields.items() if is_written(info))


def is_written(info: FieldInfo) -> bool:
    """Whether people write this field."""
    return marker_of(info, Derived) is None and marker_of(info, Internal) is None


@cache
def all_fields(root: Field = BUCKET) -> tuple[Field, ...]:
    """Every field that people write, from the bucket (or another root) down, in order."""
    return tuple(below(root))


def below(field: Field) -> Iterator[Field]:
    """The fields under one, each followed by those under it."""
    model = field.model
    if model is None:
        return
    for name, info in model.model_fields.items():
        if is_written(info):
            child = Field((*field.path, name), info, aspect_of(info) or info.annotation)
            yield child
            yield from below(child)


def where_else(name: str, root: Field = BUCKET) -> tuple[SpecPath, ...]:
    """Where in a spec a name is known."""
    return tuple(field.path for field in all_fields(root) if field.path[-1] == name)


@cache
def identities() -> Mapping[SpecPath, str]:
    """Lists that are merged item by item, by path from the bucket, with what their items are known by."""
    return {**keyed_lists(), **lists_of_one()}


@cache
def keyed_lists() -> Mapping[SpecPath, str]:
    """Those among them in which no two items may have the same identity; an item may have none."""
    return {
        field.path: key.field
        for field in all_fields()
        if field.info is not None and (key := marker_of(field.info, KeyedBy)) is not None and key.merges
    }


@cache
def lists_of_one() -> Mapping[SpecPath, str]:
    """Those in other people's documents, where one mapping stands for a list of one."""
    return {
        (name, *path): key for name, aspect in BucketSpec.aspects().items() for path, key in aspect.identities.items()
    }
