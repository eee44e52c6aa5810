"""What a spec may say of an aspect: a value to have, ``absent``, or nothing at all."""

from enum import Enum
from typing import Annotated, Any, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from reconciler.aspects.aspect import Aspect


class Absent(Enum):
    """The word ``absent``: make sure that there is none."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT

A = TypeVar("A", bound=Aspect)


class ManagedAspect:
    """Reads a value of the aspect, or the word ``absent``; an empty value is told from a left-out one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        aspect = next(option for option in get_args(source) if isinstance(option, type) and issubclass(option, Aspect))

        def read(value: Any, read_value: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if value is ABSENT or value == ABSENT.value:
                return ABSENT
            if value is None:
                impossible = next(aspect.refusals_of_absence(), None)
                usual = "write `absent` to have none, or leave the line out to leave the live one alone"
                raise PydanticCustomError(
                    "RCL1103",
                    "this is empty: it could mean two things",
                    {"help": impossible.help if impossible is not None else usual},
                )
            return read_value(value)

        def write(value: Any, write_value: core_schema.SerializerFunctionWrapHandler) -> Any:
            return value.value if isinstance(value, Absent) else write_value(value)

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(aspect),
            serialization=core_schema.wrap_serializer_function_ser_schema(write),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        words = {
            "enum": ["absent", "unmanaged"],
            "description": "`absent`: make sure that there is none. `unmanaged`: leave the live one alone, whatever "
            "`defaults:` says.",
        }
        return {"anyOf": [handler(schema), words]}


Managed = Annotated[A | Absent | None, ManagedAspect()]
"""A value to have, or ``absent`` to have none. Left out (None): not ours to read or to touch."""
