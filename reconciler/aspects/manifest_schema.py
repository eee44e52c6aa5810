"""The JSON Schemas that a manifest's body is checked against: the built-in one and a team's own.

The built-in one is made of the model, so that the two cannot disagree.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from reconciler.aspects.json_schema import WithoutNull
from reconciler.aspects.manifest import NOT_IN_BODY, Manifest
from reconciler.aspects.team_schema import Misfit, in_words, misfits_of_team


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
