"""JSON Schemas made of the models: what may be written, without the null that only Python knows.

A field that may be left out is not a field that may be empty: neither a spec nor a manifest holds a null.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema


class WithoutNull(GenerateJsonSchema):
    """Makes schemas in which a field that may be left out may not be null, and has no null for a default."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        """What may stand there when something does."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """The default, where it is one that somebody could write."""
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)
