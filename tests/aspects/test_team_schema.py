"""A team's JSON Schema says what jsonschema says of it, and comes to an end."""

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.aspects.team_schema import misfits_of_team
from reconciler.expressions import UNKNOWN, fits, found

EXPRESSIONS = ("^a", "b$", "^[a-c]+$", "a|c", "$", "x", "^.$")
names = st.text("abcx", min_size=0, max_size=3)
values = st.none() | st.integers(0, 3) | names
bodies = st.dictionaries(names, values | st.dictionaries(names, values, max_size=3), max_size=4)
leaves = st.sampled_from([True, False, {"type": "integer"}, {"type": "string"}]) | st.builds(
    lambda one: {"pattern": one}, st.sampled_from(EXPRESSIONS)
)
schemas = st.recursive(
    leaves,
    lambda inside: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(names, inside, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(EXPRESSIONS), inside, max_size=2),
            "additionalProperties": inside,
            "anyOf": st.lists(inside, min_size=1, max_size=2),
        },
    ),
    max_leaves=6,
).filter(lambda schema: isinstance(schema, dict))


@given(schemas, bodies)
@example({"additionalProperties": {"type": "integer"}}, {"a": "x"})
def test_law_it_says_what_jsonschema_says(schema: dict[str, Any], body: dict[str, Any]) -> None:
    told = [path for path, _ in misfits_of_team(body, schema)]
    errors = jsonschema.Draft202012Validator(schema).iter_errors(body)
    assert sorted(map(str, told)) == sorted(str(tuple(error.absolute_path)) for error in errors)


def test_an_empty_expression_matches_every_name() -> None:
    """As JSON Schema says; jsonschema takes it for none, where it is the only one (`find_additional_properties`)."""
    schema = {"patternProperties": {"": {"type": "integer"}}, "additionalProperties": False}
    assert [path for path, _ in misfits_of_team({"a": 1, "b": "x"}, schema)] == [("b",)]


ENDLESS = "^(a+)+$"
LONG = "a" * 60 + "Z"


@pytest.mark.parametrize(
    ("schema", "body", "paths"),
    [
        ({"properties": {"x": {"pattern": ENDLESS}}}, {"x": LONG}, [("x",)]),
        ({"patternProperties": {ENDLESS: False}}, {LONG: 1}, []),
        ({"patternProperties": {ENDLESS: True}, "additionalProperties": False}, {LONG: 1}, [()]),
        ({"$schema": "http://json-schema.org/draft-03/schema#", "patternProperties": {ENDLESS: {}}}, {LONG: 1}, []),
    ],
)
def test_no_expression_takes_for_ever(
    schema: dict[str, Any], body: dict[str, Any], paths: list[tuple[str, ...]]
) -> None:
    assert [path for path, _ in misfits_of_team(body, schema)] == paths


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"properties": {"x": {"pattern": "(?=a)"}}}, UNKNOWN),
        ({"properties": {"x": {"pattern": "("}}}, "'(' is not a 'regex'"),
        ({"patternProperties": {ENDLESS: True}, "unevaluatedProperties": False}, "`unevaluatedProperties`"),
        ({"allOf": [{"patternProperties": {ENDLESS: True}}], "unevaluatedProperties": False}, "`patternProperties`"),
    ],
)
def test_what_nobody_can_bound_is_refused(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        list(misfits_of_team({"x": "a"}, schema))


def test_names_that_nothing_evaluates_are_told() -> None:
    assert list(misfits_of_team({"y": 1}, {"properties": {"x": True}, "unevaluatedProperties": False}))


def test_an_expression_fits_somewhere_or_the_whole() -> None:
    assert found("b", "abc")
    assert not found("d", "abc")
    assert fits("a.c", "abc")
    assert not fits("b", "abc")
    with pytest.raises(ValueError, match="look-around"):
        fits("a)|(b", "a")
