"""JSON Schemas of what people and programs write and read, made of the models.

For editors (``# yaml-language-server: $schema=…``) and for tools of other people, so they are valid for
draft-07 and for 2020-12 alike. They accept what the loader accepts, and refuse what can be refused without
knowing S3. ``python -m reconciler.specs.schema schemas/`` writes them; a test asserts that they are current.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import core_schema

from reconciler import settings
from reconciler.aspects.aspect import BUILT_IN_VARIABLES, Aspect
from reconciler.aspects.json_schema import WithoutNull
from reconciler.aspects.manifest import Part
from reconciler.bucket import BucketSpec
from reconciler.planning.event_schema import event_schema
from reconciler.planning.plan_schema import plan_schema
from reconciler.scalars import as_written
from reconciler.sizes import UNITS
from reconciler.specs.description import first_paragraph, words_for
from reconciler.specs.docstrings import docstrings_of
from reconciler.specs.fields import BUCKET, Field, all_fields, is_written, one_word
from reconciler.specs.settings import SETTINGS
from reconciler.specs.spec_file import NEVER_BY_DEFAULT

DRAFT = "http://json-schema.org/draft-07/schema#"
REFERENCE = "#/definitions/{model}"

Schema = dict[str, Any]


DURATION = {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$", "examples": ["90s", "15m", "24h", "7d"]}
VALUES: Mapping[Any, Schema] = {
    settings.duration_or_never: DURATION | {"pattern": f"^([0-9]{{1,9}}[smhd]|{settings.NEVER})$"},
    settings.duration_of_a_lock: DURATION,
    settings.size: {"type": "string", "pattern": f"^[0-9]{{1,9}} ?({'|'.join(UNITS)})$"},
    settings.share: {"type": "string", "pattern": "^[0-9]{1,3}%$"},
    settings.number: {"type": "integer", "minimum": 0},
    settings.folder: {"type": ["string", "number"], "minLength": 1},
}
"""What may stand in a setting, by the function that reads it."""


class SpecSchema(WithoutNull):
    """Makes schemas of what stands in a spec: a text may be written as a number, and titles say nothing new."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        """`Text` takes ``1.10`` as it is written; a duration is no number."""
        reads = schema["function"]["function"]
        if reads is as_written:
            return {"type": ["string", "number"]}
        return dict(VALUES[reads]) if reads in VALUES else super().function_before_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title would only repeat the field's name."""
        return False


def bucket_spec_schema() -> Schema:
    """A whole spec file: buckets, defaults, variables."""
    bucket = BucketSpec.model_json_schema(by_alias=False, ref_template=REFERENCE, schema_generator=SpecSchema)
    definitions = bucket.pop("$defs")
    for model in models():
        only_what_is_written(definitions.get(model.__name__, bucket), model)
        describe(definitions.get(model.__name__, bucket), model)
    for name, aspect in BucketSpec.aspects().items():
        put_files(name, aspect, bucket, definitions)
        bucket["properties"][name] = managed(aspect)
    defaults = {name: value for name, value in bucket["properties"].items() if name not in ("name", *NEVER_BY_DEFAULT)}
    definitions["Bucket"] = bucket
    definitions["Defaults"] = {
        "type": "object",
        "description": "Merged under each bucket: mappings deep, lists with identity item by item.",
        "properties": defaults,
        "additionalProperties": False,
    }
    return readable_by_draft_07(
        {
            "$schema": DRAFT,
            "title": "Buckets for `reconcile`",
            "description": "What S3 buckets should be like. What is left out is neither read nor touched.",
            "type": "object",
            "properties": {
                "buckets": {
                    "description": "The buckets, each with its `name`.",
                    "type": "array",
                    "items": {"$ref": "#/definitions/Bucket"},
                    "minItems": 1,
                },
                "defaults": {"$ref": "#/definitions/Defaults"},
                "variables": variables(),
            },
            "required": ["buckets"],
            "additionalProperties": False,
            "definitions": {name: definitions[name] for name in sorted(definitions)},
        }
    )


def settings_schema() -> Schema:
    """`reconcile.yaml`."""
    schema = settings.Settings.model_json_schema(ref_template=REFERENCE, schema_generator=SpecSchema)
    definitions = schema.pop("$defs")
    for model in models(SETTINGS):
        described = definitions.get(model.__name__, schema)
        describe(described, model)
        described["description"] = first_paragraph(model.__doc__)
    about = {"$schema": DRAFT, "title": "Settings of `reconcile`"}
    return readable_by_draft_07(about | without_title(schema) | {"definitions": definitions})


def without_title(schema: Schema) -> Schema:
    """The schema without the title that Pydantic gives it."""
    return {name: item for name, item in schema.items() if name != "title"}


def manifest_schema() -> Schema:
    """The manifest that lies in a bucket."""
    from reconciler.aspects.manifest_schema import body_schema

    schema = json.loads(json.dumps(body_schema()).replace("#/$defs/", "#/definitions/"))
    definitions = schema.pop("$defs")
    for model in (model for model in models() if issubclass(model, Part)):
        describe(definitions.get(model.__name__, schema), model)
    return readable_by_draft_07(schema | {"$schema": DRAFT, "definitions": definitions})


def schemas() -> dict[str, Schema]:
    """All schemas by the name of their file."""
    return {
        "bucket-spec.schema.json": bucket_spec_schema(),
        "bucket-manifest.schema.json": manifest_schema(),
        "plan.schema.json": plan_schema(),
        "event.schema.json": event_schema(),
        "settings.schema.json": settings_schema(),
    }


def texts() -> dict[str, str]:
    """The files as they are checked in."""
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas().items()}


def write_all(folder: Path) -> tuple[Path, ...]:
    """Write all schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in texts())


# ── from the models to what people write ─────────────────────────────────────────────────────────────


def models(root: Field = BUCKET) -> Iterator[type[BaseModel]]:
    """The models of a spec, or of what else people write, each once."""
    found = [root.model, *(field.model for field in all_fields(root))]
    yield from dict.fromkeys(model for model in found if model is not None)


def describe(schema: Schema, model: type[BaseModel]) -> None:
    """Say what each field means."""
    for name, text in docstrings_of(model).items():
        if name in schema["properties"] and model.model_fields[name].description is None:
            schema["properties"][name]["description"] = text


def only_what_is_written(schema: Schema, model: type[BaseModel]) -> None:
    """Leave out the fields that people see and never write."""
    for name, info in model.model_fields.items():
        if not is_written(info):
            del schema["properties"][name]


def managed(aspect: type[Aspect]) -> Schema:
    """A value of the aspect, a word for it, or one of the two words that say something about it."""
    options: list[Schema] = [{"$ref": REFERENCE.format(model=aspect.__name__)}]
    words = one_word(aspect)
    if words:
        options.insert(0, {"enum": list(words), "description": first_paragraph(aspect.__doc__)})
    if () in aspect.from_file:
        options.append(a_file())
    said = [f"`{word}`: {means}." for word, means in words_for(aspect).items()]
    options.append({"enum": list(words_for(aspect)), "description": " ".join(said)})
    return {"description": first_paragraph(aspect.__doc__), "anyOf": options}


def put_files(name: str, aspect: type[Aspect], bucket: Schema, definitions: Mapping[str, Schema]) -> None:
    """Offer ``{file: …}`` where a field below the aspect takes it."""
    for below in sorted(aspect.from_file):
        for field in all_fields():
            if below and field.path == (name, *below):
                owner = parent_of(field)
                properties = definitions.get(owner.__name__, bucket)["properties"]
                written = properties[below[-1]]
                about = {word: written.pop(word) for word in ("description", "examples") if word in written}
                properties[below[-1]] = about | {"anyOf": [a_file(), written]}


def parent_of(field: Field) -> type[BaseModel]:
    """The model that declares a field."""
    model = next(above.model for above in all_fields() if above.path == field.path[:-1])
    assert model is not None, "what declares a field is a model"
    return model


def a_file() -> Schema:
    """``{file: path}``."""
    return {
        "type": "object",
        "description": "The value stands in a JSON or YAML file next to the spec.",
        "properties": {
            "file": {"type": "string", "description": "A path relative to the spec, never out of its folder."}
        },
        "required": ["file"],
        "additionalProperties": False,
    }


def variables() -> Schema:
    """Variables that the file declares."""
    taken = "|".join(BUILT_IN_VARIABLES)
    return {
        "description": "Texts by name, for `${name}` in this file. Built in: " + ", ".join(BUILT_IN_VARIABLES) + ".",
        "type": "object",
        "propertyNames": {"pattern": f"^(?!(?:{taken})$)[A-Za-z_][A-Za-z0-9_]*$"},
        "additionalProperties": {"type": ["string", "number"]},
    }


def readable_by_draft_07(schema: Schema) -> Schema:
    """The same schema where nothing stands beside a ``$ref``: draft-07 ignores what does."""
    plain: Schema = {name: inside(item) for name, item in schema.items()}
    if isinstance(plain.get("$ref"), str) and len(plain) > 1:
        return {name: item for name, item in plain.items() if name != "$ref"} | {"allOf": [{"$ref": plain["$ref"]}]}
    return plain


def inside(value: Any) -> Any:
    """What is in a schema, readable by draft-07 too."""
    if isinstance(value, list):
        return [inside(item) for item in value]
    return readable_by_draft_07(value) if isinstance(value, dict) else value


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
