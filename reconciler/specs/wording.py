"""Pydantic's errors in words that help, at the place where the mistake was written."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import ErrorDetails

from reconciler import governance
from reconciler.nodes import Node
from reconciler.problems import Code, Problem, did_you_mean
from reconciler.specs.fields import (
    BUCKET,
    Field,
    SpecPath,
    choices_in,
    documents_of_others,
    field_at,
    names_at,
    one_word,
    where_else,
)

UNKNOWN_FIELD = Code(
    "RCL1101",
    "a field that does not exist",
    "No field has this name here. Names are S3's own words in snake_case; `reconcile explain bucket` lists them. An "
    "unknown field is an error because a misspelled rule that is silently dropped protects nobody.",
)
MISSING_FIELD = Code("RCL1102", "a field is missing", "This field must be written; see `reconcile explain bucket`.")
EMPTY_VALUE = Code(
    "RCL1103",
    "an empty value",
    "A name with nothing after the colon could mean “have none” or “leave it alone”, and the difference is somebody's "
    "data. Write `absent` to make sure that there is none, or leave the line out to leave the live one alone.",
)
NOT_A_CHOICE = Code(
    "RCL1104", "not one of the values that S3 knows", "S3 takes only these words, spelled exactly like this."
)
WRONG_TYPE = Code(
    "RCL1105",
    "another kind of value is expected",
    "A number stands without quotes, a text that looks like something else with quotes; a list begins its lines with "
    "dashes; a mapping has `name: value` lines.",
)
NOT_A_DATE = Code("RCL1108", "not a date", "Dates are ISO 8601, like 2030-01-31. S3 counts from midnight UTC.")
CODES = (UNKNOWN_FIELD, MISSING_FIELD, EMPTY_VALUE, NOT_A_CHOICE, WRONG_TYPE, NOT_A_DATE)
OWN_CODES = {code.code: code for code in (*CODES, *governance.CODES)}
"""Those that a model gives to what it refuses by itself."""

EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "mapping": "a mapping",
    "tuple": "a list",
    "list": "a list",
    "float": "a number",
    "none": "nothing",
}


def problems_of(mistakes: Iterable[ErrorDetails], node: Node, root: Field = BUCKET) -> Iterator[Problem]:
    """Each mistake that Pydantic found in a bucket, or in what another model reads, in our words."""
    for found in mistakes:
        yield in_words(found["type"], tuple(found["loc"]), found, node, root)


def in_words(kind: str, path: SpecPath, found: Any, node: Node, root: Field = BUCKET) -> Problem:
    """One mistake."""
    context = found.get("ctx") or {}
    if kind in OWN_CODES:
        return node.problem(OWN_CODES[kind], found["msg"], path, context.get("help"), at_key=kind == EMPTY_VALUE.code)
    if kind == "extra_forbidden":
        return unknown_field(path, node, root)
    if kind == "missing":
        name = path[-1]
        return node.problem(MISSING_FIELD, f"`{name}` is missing", path, f"write `{name}:` here")
    if kind == "literal_error":
        return not_a_choice(path, found["input"], node, context["expected"], root)
    if found["input"] is None:
        return node.problem(EMPTY_VALUE, "this is empty", path, "write a value, or leave the line out", at_key=True)
    return another_kind(EXPECTED.get(kind.split("_")[0], "another value"), path, found["input"], node, root)


def another_kind(wanted: str, path: SpecPath, written: Any, node: Node, root: Field = BUCKET) -> Problem:
    """Text for a number, a list for a mapping, and so on."""
    field, hint = field_at(path, root), None
    if wanted == "a mapping" and field is not None:
        words, names = one_word(field.kind), names_at(path, root)
        wanted = " or ".join([*(f"`{word}`" for word in words), wanted])
        hint = f"its fields: {', '.join(names)}" if names else None
        if root is BUCKET and field.path in documents_of_others():
            hint = "write it here, or `{file: …}` to take it from a file next to the spec"
    elif wanted in ("a whole number", "true or false") and looks_like(written, wanted):
        hint = "write it without quotes"
    elif wanted == "text" and isinstance(written, bool):
        hint = f'put it in quotes: "{str(written).lower()}"'
    elif wanted == "a list" and isinstance(written, str):
        hint = f"write it as a list: [{written}]"
    return node.problem(WRONG_TYPE, f"this is {described(written)}; expected is {wanted}", path, hint)


def looks_like(written: Any, wanted: str) -> bool:
    """Whether a text says, in quotes, what is wanted."""
    if not isinstance(written, str):
        return False
    return written in ("true", "false") if wanted == "true or false" else written.isdigit()


def unknown_field(path: SpecPath, node: Node, root: Field = BUCKET) -> Problem:
    """A name that means nothing here, with the name that may be meant."""
    name, parent = str(path[-1]), path[:-1]
    known = names_at(parent, root)
    near = did_you_mean(name, known)
    elsewhere = where_else(name, root)
    top = "the bucket" if root is BUCKET else "the file itself"
    if near:
        hint = f"did you mean `{near}`?"
    elif elsewhere:
        hint = f"`{name}` belongs under " + " or ".join(f"`{'.'.join(map(str, at[:-1])) or top}`" for at in elsewhere)
    else:
        hint = f"allowed here: {', '.join(sorted(known))}" if known else "take the line out"
    return node.problem(UNKNOWN_FIELD, f"unknown field `{name}`", path, hint, at_key=True)


def not_a_choice(path: SpecPath, written: Any, node: Node, expected: str, root: Field = BUCKET) -> Problem:
    """A word that S3 does not know."""
    field = field_at(path, root)
    known = (choices_in(field.kind) or one_word(field.kind)) if field is not None else ()
    if not known:  # a value of a mapping whose names are free
        return node.problem(NOT_A_CHOICE, f"`{written}` cannot stand here; expected is {expected}", path)
    near = did_you_mean(str(written), known)
    hint = f"did you mean `{near}`?" if near else None
    return node.problem(NOT_A_CHOICE, f"`{written}` is none of {', '.join(known)}", path, hint)


def described(value: Any) -> str:
    """What kind of value was written."""
    for kind, words in (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        (dict, "a mapping"),
    ):
        if isinstance(value, kind):
            return words
    return "a list"
