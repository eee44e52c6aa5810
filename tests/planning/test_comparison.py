from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.changeset import FieldChange
from reconciler.planning.comparison import field_changes, leaves, look_up

CASES: list[tuple[Any, Any, dict[tuple[str, ...], tuple[Any, Any]]]] = [
    ({"a": 1}, {"a": 2}, {("a",): (1, 2)}),
    ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {("a",): (1, 2)}),
    ({"a": 1}, {"a": True}, {("a",): (1, True)}),
    ({"a": 1}, {"a": 1.0}, {("a",): (1, 1.0)}),
    ({"a": [1, 2]}, {"a": [2, 1]}, {("a",): ([1, 2], [2, 1])}),
    ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, {("a",): ([{"b": 1}], [{"b": 2}])}),
    ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, {("a", "b", "c"): (1, 2)}),
    ({}, {"a": {"b": 1, "c": {}}}, {("a", "b"): (None, 1), ("a", "c"): (None, {})}),
    ({"a": {"b": 1}}, {}, {("a", "b"): (1, None)}),
    ({"a": {"b": 1}}, {"a": 5}, {("a",): ({"b": 1}, 5)}),
    ({"a": [1]}, {"a": {"b": 1}}, {("a",): ([1], {"b": 1})}),
    ({"__a": 1}, {"__a": 2}, {("__a",): (1, 2)}),
    ({"a'b": 1, 'c"d': 1}, {"a'b": 2, 'c"d': 2}, {("a'b",): (1, 2), ('c"d',): (1, 2)}),
    ({"a.b": {"[0]": 1}}, {"a.b": {"[0]": 2}}, {("a.b", "[0]"): (1, 2)}),
    (None, {"a": {"b": 1}}, {("a", "b"): (None, 1)}),
    ({"a": {"b": 1}}, None, {("a", "b"): (1, None)}),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_field_changes(before: Any, after: Any, expected: Any) -> None:
    changes = field_changes(before, after)
    assert {change.path: (change.before, change.after) for change in changes} == expected
    assert all(type(change.after) is type(expected[change.path][1]) for change in changes)


pictures = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        st.booleans() | st.integers(0, 3) | st.text(max_size=2) | st.lists(st.integers(0, 2), max_size=2),
        lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


@given(before=pictures, after=pictures)
def test_every_difference_is_found_and_nothing_else(before: Any, after: Any) -> None:
    changes = field_changes(before, after)
    assert bool(changes) == (repr(sorted_deep(before)) != repr(sorted_deep(after)))
    for change in changes:
        assert isinstance(change, FieldChange)
        assert repr(change.before) != repr(change.after)
        assert look_up(after, change.path) == change.after
        assert look_up(before, change.path) == change.before


def sorted_deep(value: Any) -> Any:
    return {name: sorted_deep(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def test_leaves_of_nothing() -> None:
    assert list(leaves({})) == [((), {})]
    assert list(leaves({"a": []})) == [(("a",), [])]


def test_a_path_through_a_scalar_leads_nowhere() -> None:
    assert look_up({"a": 1}, ("a", "b")) is None
