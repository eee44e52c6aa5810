"""The JSON Schemas that a manifest's body is checked against: the built-in one and a team's own.

The built-in one is made of the model, so that the two cannot disagree.
"""

from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import jsonschema
import referencing.exceptions
from jsonschema.validators import validator_for

from reconciler.aspects.json_schema import WithoutNull
from reconciler.aspects.manifest import NOT_IN_BODY, Manifest

Misfit = tuple[tuple[str | int, ...], str]
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
MOST_REFERENCES = 20_000
"""References of a schema that are followed. Thirty short definitions can ask for a thousand million."""
DEEPEST = 100
"""References within references that are followed. A body nests 40 levels deep (`strict_yaml`)."""


@cache
def body_schema() -> dict[str, Any]:
    """The schema of the object in the bucket."""
    schema = Manifest.model_json_schema(schema_generator=WithoutNull)
    for name in NOT_IN_BODY:
        schema["properties"].pop(name, None)
    return schema | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bucket manifest",
        "description": "What a bucket says about itself, in metadata/bucket-manifest.yaml.",
        "required": ["bucket", "created_at"],
    }


@cache
def built_in() -> jsonschema.Draft202012Validator:
    """The validator of the built-in schema, made once: a fleet has thousands of manifests."""
    return jsonschema.Draft202012Validator(body_schema())


def misfits(body: dict[str, Any], team_schema: dict[str, Any] | None = None) -> Iterator[Misfit]:
    """Where a body does not fit the built-in schema, and the team's. Raises ValueError as `misfits_of_team` does."""
    yield from in_words(built_in(), body)
    if team_schema is not None:
        for path, message in misfits_of_team(body, team_schema):
            yield path, f"{message} (the team's schema)"


def misfits_of_team(body: dict[str, Any], schema: dict[str, Any]) -> Iterator[Misfit]:
    """Where a body does not fit the team's schema. Raises ValueError when that is no schema.

    Nothing is fetched: a schema may only refer to itself.
    """
    if not isinstance(schema.get("$schema", ""), str):
        raise ValueError("this is not a JSON Schema: `$schema` is the address of one")  # noqa: TRY004 - as for every other bad schema
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
        yield from in_words(bounded(kind)(schema, registry=referencing.Registry()), body)
    except jsonschema.SchemaError as error:
        raise ValueError(f"this is not a JSON Schema: {error.message}") from error
    except referencing.exceptions.Unresolvable as error:
        raise ValueError(f"this refers to a schema that is not in it: {error}") from error
    except RecursionError as error:
        raise ValueError("this refers to itself without an end, or more often than anybody can follow") from error


def bounded(kind: Any) -> Any:
    """The same kind of validator, which gives up after a number of references: raises RecursionError.

    It does so before Python does: a RecursionError in the midst of `referencing`, which is Rust inside, is a panic.
    """
    followed = count(1)
    inside = [0]

    def counted(follow: Any) -> Any:
        def reference(*arguments: Any) -> Iterator[Any]:
            if next(followed) > MOST_REFERENCES or inside[0] >= DEEPEST:
                raise RecursionError
            inside[0] += 1
            try:
                yield from follow(*arguments) or ()
            finally:
                inside[0] -= 1

        return reference

    known = kind.VALIDATORS
    extend: Any = jsonschema.validators.extend
    return extend(kind, {name: counted(known[name]) for name in REFERENCES if name in known})


def in_words(validator: Any, body: dict[str, Any]) -> Iterator[Misfit]:
    """Every misfit with its path, in a stable order."""
    errors = sorted(validator.iter_errors(body), key=lambda error: ([str(part) for part in error.path], error.message))
    for error in errors:
        yield tuple(error.absolute_path), error.message
