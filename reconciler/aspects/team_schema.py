"""JSON Schemas of a team: held against a document in bounded time, whoever has written them.

A pull request brings its schemas along, and a check of it holds them against its specs.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import jsonschema
import referencing.exceptions
from jsonschema.validators import validator_for

from reconciler.expressions import found

Misfit = tuple[tuple[str | int, ...], str]
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
MOST_REFERENCES = 20_000
"""References of a schema that are followed. Thirty short definitions can ask for a thousand million."""
DEEPEST = 100
"""References within references that are followed. A body nests 40 levels deep (`strict_yaml`)."""


def misfits_of_team(body: dict[str, Any], schema: dict[str, Any]) -> Iterator[Misfit]:
    """Where a body does not fit the team's schema. Raises ValueError when that is no schema.

    Nothing is fetched: a schema may only refer to itself.
    """
    if not isinstance(schema.get("$schema", ""), str):
        raise ValueError("this is not a JSON Schema: `$schema` is the address of one")  # noqa: TRY004 - as for every other bad schema
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
        refuse_unbounded(schema)
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
    return extend(kind, {name: counted(known[name]) for name in REFERENCES if name in known} | by_expressions(known))


def by_expressions(known: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that look for regular expressions, asking an engine that comes to an end (`expressions`)."""

    def pattern(validator: Any, expression: str, instance: Any, _: Any) -> Iterator[Any]:
        if validator.is_type(instance, "string") and not found(expression, instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match {expression!r}")

    def pattern_properties(validator: Any, schemas: Mapping[str, Any], instance: Any, _: Any) -> Iterator[Any]:
        for expression, schema in schemas.items():
            for name in matched(instance, expression) if validator.is_type(instance, "object") else ():
                yield from validator.descend(instance[name], schema, path=name, schema_path=expression)

    def additional_properties(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        expressions = schema.get("patternProperties", {})
        if expressions and validator.is_type(instance, "object"):
            said = {name for expression in expressions for name in matched(instance, expression)}
            instance = {name: value for name, value in instance.items() if name not in said}
            schema = {name: value for name, value in schema.items() if name != "patternProperties"}
        yield from known["additionalProperties"](validator, wanted, instance, schema) or ()

    ours = {
        "pattern": pattern,
        "patternProperties": pattern_properties,
        "additionalProperties": additional_properties,
    }
    return {name: keyword for name, keyword in ours.items() if name in known}


def matched(instance: Mapping[str, Any], expression: str) -> list[str]:
    """The names that an expression is about."""
    return [name for name in instance if found(expression, name)]


def refuse_unbounded(schema: dict[str, Any]) -> None:
    """Raise ValueError where jsonschema would look for an expression by itself, with Python's engine."""
    names = set(names_in(schema))
    if {"unevaluatedProperties", "patternProperties"} <= names:
        raise ValueError("`unevaluatedProperties` cannot stand in a schema with `patternProperties` here")


def names_in(value: Any) -> Iterator[str]:
    """All names of all mappings in it."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


def in_words(validator: Any, body: dict[str, Any]) -> Iterator[Misfit]:
    """Every misfit with its path, in a stable order."""
    errors = sorted(validator.iter_errors(body), key=lambda error: ([str(part) for part in error.path], error.message))
    for error in errors:
        yield tuple(error.absolute_path), error.message
