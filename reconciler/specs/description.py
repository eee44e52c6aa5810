"""What a field is, in words: for ``reconcile explain`` and for the generated docs.

Everything is read off the models and the rows of the aspects, so that it cannot disagree with them.
"""

from collections.abc import Mapping
from datetime import date
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, JsonValue, RootModel

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.markers import KeptFromLive, KeyedBy, ShownWith, marker_of
from reconciler.bucket import BucketSpec
from reconciler.scalars import moment
from reconciler.specs.docstrings import docstrings_of
from reconciler.specs.fields import (
    Field,
    SpecPath,
    choices_in,
    documents_of_others,
    field_at,
    is_written,
    one_word,
)

SCALARS: Mapping[Any, str] = {str: "text", int: "whole number", bool: "true or false", float: "number"}


def dotted(path: SpecPath) -> str:
    """A path as people write it: ``bucket.lifecycle.rules``."""
    return ".".join(("bucket", *map(str, path)))


def kind_in_words(kind: Any) -> str:
    """What may stand in a field: ``text``, ``list of mappings``, ``one of Enabled, Suspended``."""
    if kind is JsonValue:
        return "anything"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "mapping"
    if get_origin(kind) is Annotated:
        is_date = any(getattr(mark, "func", None) is moment for mark in kind.__metadata__)
        return "date" if is_date else kind_in_words(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(choices_in(kind))
    if get_origin(kind) is tuple:
        inside = kind_in_words(get_args(kind)[0])
        return "list of mappings" if inside == "mapping" else f"list of {inside.removeprefix('one of ')}"
    if get_origin(kind) is dict:
        inside = kind_in_words(get_args(kind)[1])
        return "mapping" if inside == "anything" else f"mapping of text to {inside}"
    options = [option for option in get_args(kind) if option is not NoneType]
    return " or ".join(map(kind_in_words, options)) or SCALARS.get(kind, "text")


def kind_of(field: Field) -> str:
    """What may stand in a field, with the words that stand for a mapping, and ``{file: …}``."""
    if isinstance(field.kind, type) and issubclass(field.kind, RootModel):
        words = kind_in_words(field.kind.model_fields["root"].annotation)
    else:
        words = kind_in_words(field.kind)
    shorter = one_word(field.kind)
    if shorter and words == "mapping":
        words = f"one of {', '.join(shorter)}; or a mapping"
    if field.path in documents_of_others():
        words += ", or {file: path}"
    return words


def is_required(field: Field) -> bool:
    """Whether the field must be written wherever what it belongs to is written."""
    return field.info is not None and field.info.is_required()


def default_of(field: Field) -> str | None:
    """What stands there when nothing is written, where that is something that could be written."""
    return written(field.info.default) if field.info is not None and not is_required(field) else None


def written(value: Any) -> str | None:
    """A scalar as it is written in a spec; None for what nobody would write."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None


def in_a_new_bucket(field: Field, kept: KeptFromLive) -> Any:
    """What a field is that the spec leaves to a new bucket: what AWS gives it, or the default."""
    aspect, *below = field.path
    born = BucketSpec.aspects()[str(aspect)].born()
    return getattr(born, str(below[0])) if born is not None else kept.default


def notes_on(field: Field) -> list[str]:
    """What else is worth knowing about a field."""
    info = field.info
    notes = []
    kept = marker_of(info, KeptFromLive) if info is not None else None
    if kept is not None:
        usual = written(in_a_new_bucket(field, kept))
        notes.append(f"Left out, it keeps its live value{f'; in a new bucket it is {usual}' if usual else ''}.")
    key = marker_of(info, KeyedBy) if info is not None else None
    if key is not None:
        notes.append(f"Items are known by their `{key.field}`; their order means nothing.")
        notes.append(
            "`defaults:` are merged item by item."
            if key.merges
            else "A bucket's own list replaces the one of `defaults:`."
        )
    return notes


def meaning_of(field: Field) -> str:
    """What the field means, in its own words."""
    said = field.info.description if field.info is not None else None
    owner = field_at(field.path[:-1]) if field.path else None
    if said is None and owner is not None and owner.model is not None:
        said = docstrings_of(owner.model).get(str(field.path[-1]))
    return first_paragraph(said or getattr(field.kind, "__doc__", None))


def words_for(aspect: type[Aspect]) -> dict[str, str]:
    """The words that may stand in the place of any value of an aspect."""
    words = {"absent": "make sure that there is none"} if not any(aspect.refusals_of_absence()) else {}
    return words | {"unmanaged": "leave the live one alone, whatever `defaults:` says"}


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def risk_of(aspect: type[Aspect]) -> str | None:
    """What a change of this aspect may cost, where the aspect says."""
    return first_paragraph(aspect.risk.__doc__) if "risk" in vars(aspect) else None


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────


def example_of(field: Field) -> Any:
    """A value that may stand in the field, as plain data; None where nobody gave one."""
    if field.info is not None and field.info.examples:
        return field.info.examples[0]
    if isinstance(field.kind, type) and issubclass(field.kind, BaseModel):
        return example_of_model(field.kind)
    model, choices = field.model, choices_in(field.kind)
    if model is not None:
        example = example_of_model(model)
        return [example] if kind_of(field).startswith("list") else example
    if choices:
        return choices[0]
    return {"true or false": True, "whole number": 30, "date": date(2030, 1, 31)}.get(kind_of(field))


def example_of_model(model: type[BaseModel]) -> Any:
    """The example that a model gives, or one made of the examples that its fields give."""
    given: Any = model.model_config.get("json_schema_extra")
    if given:
        return given["examples"][0]
    fields = [Field((name,), info, info.annotation) for name, info in model.model_fields.items() if is_written(info)]
    shown = {
        field.path[0]: example_of(field)
        for field in fields
        if field.model is not None or is_required(field) or (field.info and field.info.examples)
    }
    return {name: value for name, value in shown.items() if value is not None} or None


def as_yaml(path: SpecPath, value: Any) -> str:
    """A value as it stands in a spec: a field of the bucket in its bucket, a deeper one by itself."""
    shown: Any = {str(path[-1]): value}
    if len(path) == 1:
        field = field_at(path)
        mark = marker_of(field.info, ShownWith) if field is not None and field.info is not None else None
        shown |= mark.beside if mark else {}
        shown = {"buckets": [shown if path == ("name",) else {"name": "acme-prod-data-lake-us-east-1"} | shown]}
    return yaml.dump(shown, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=76)


class _Indented(yaml.SafeDumper):
    """Lists stand in from their names, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)
