"""YAML that is written: the swift way writes what the other one writes."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.quoting import LONGEST_KEY, Quoting, Swift, is_usual, yaml_of

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
ODD = "abé→·ß中 :-#'\",[]{}&*!|>%@`?=<\\"
KEYS = (
    st.text(PRINTABLE, min_size=1, max_size=LONGEST_KEY)
    | st.text(ODD, min_size=1, max_size=60)
    | st.sampled_from(["yes", "null", "~", "0987", "1.5e3", "=", "<<", "-", "?", ":", "- a", "? b", "a: b", " a", "a "])
)
TEXTS = st.text(PRINTABLE, max_size=250) | KEYS | st.from_regex(r"\A([a-z]{1,12}[ ,:]){1,40}\Z") | st.text()
SCALARS = TEXTS | st.booleans() | st.integers() | st.none() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(KEYS, inside, max_size=4), max_leaves=15
)


def slowly(value: Any, width: int) -> str:
    text: str = yaml.dump(value, Dumper=Quoting, sort_keys=False, allow_unicode=True, width=width)
    return text


@given(st.dictionaries(KEYS | st.text(), VALUES, max_size=4), st.integers(20, 120))
def test_law_both_ways_write_the_same(value: dict[str, Any], width: int) -> None:
    assert yaml_of(value, width) == slowly(value, width)


@pytest.mark.parametrize(
    "value", [{"": 1}, {"a": ["\U0001f600"]}, {"a\n": 1}, {"a" * 101: 1}, {"a": {"b": "\t"}}, ["\x85"]]
)
def test_what_they_may_write_in_two_ways_is_left_to_one(value: Any) -> None:
    assert not is_usual(value)


def test_libyaml_is_there() -> None:
    assert issubclass(Swift, yaml.CSafeDumper)
