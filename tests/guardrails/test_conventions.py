"""What a team may set of the rules about names and tags, and what follows from prices."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.aspects.lifecycle import WATERFALL
from reconciler.guardrails.naming import misfit, parts_of
from reconciler.guardrails.prices import LEAST_MOVED, PRICES, saving, saving_a_gigabyte
from reconciler.guardrails.rules.nam_01 import Convention
from reconciler.guardrails.rules.tag_01 import Asked, fits

words = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
place_names = st.sampled_from(("company", "environment", "purpose", "team"))


@given(pieces=st.lists(st.tuples(place_names, words), min_size=1, max_size=5), listed=st.booleans())
def test_a_name_that_is_made_by_a_convention_fits_it(pieces: list[tuple[str, str]], listed: bool) -> None:
    convention = "-".join(f"<{place}>" for place, _ in pieces)
    name = "-".join(word for _, word in pieces)
    known = {place: tuple(word for other, word in pieces if other == place) for place, _ in pieces}
    assert misfit(name, convention, known if listed else {}) is None


@given(name=st.text("ab-.", max_size=63), places=st.integers(1, 10))
def test_a_name_that_does_not_fit_is_told_from_where_on(name: str, places: int) -> None:
    convention = "-".join(["<word>"] * places)
    found = misfit(name, convention, {})
    assert found is None or (name.startswith(found.after) and found.wanted in (None, *parts_of(convention)))
    single_words = all(part.isalpha() for part in name.split("-"))
    assert (found is None) == (single_words and len(name.split("-")) >= places)


@pytest.mark.parametrize(
    "settings",
    [
        {"convention": "acme"},
        {"convention": "<Company>-x"},
        {"convention": "acme_<company>"},
        {"convention": "<a>" * 11},
        {"convention": "<a>-", "words": {"b": ["x"]}},
        {"words": {"b": ["x"]}},
        {"convention": "<a>", "words": {"a": ["X"]}},
        {"convention": "<a>" + "x" * 200},
    ],
)
def test_a_convention_that_is_none_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Convention.model_validate(settings)


@pytest.mark.parametrize("pattern", ["(", "a)|(b", "(?=a)", r"(a)\1", "a" * 201, "a{1000}{1000}{1000}"])
def test_an_expression_that_cannot_be_asked_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="expression"):
        Asked.model_validate({"patterns": {"CostCenter": pattern}})


def test_an_expression_is_about_the_whole_value_and_takes_no_longer_for_being_nested() -> None:
    assert fits("a|ab", "ab")
    assert fits("[0-9]{4}", "4200")
    assert not any(fits("[0-9]{4}", value) for value in ("42000", "4200\n", "x4200"))
    assert not fits("a|ab", "abc")
    assert not fits("((a+)+)+", "a" * 255 + "b")


steps = st.sampled_from(
    [(before, after) for after in WATERFALL for before in ("STANDARD", *WATERFALL) if before != after]
)


@given(step=steps, size=st.integers(0, 2**40), days=st.integers(1, 4000), more=st.integers(1, 4000))
def test_what_saves_nothing_in_a_longer_time_saves_nothing_in_a_shorter_one(
    step: tuple[str, str], size: int, days: int, more: int
) -> None:
    assert saving(*step, size, days) <= 0 or saving(*step, size, days + more) > 0


@given(step=steps, days=st.integers(1, 4000))
def test_of_very_large_objects_only_the_size_counts(step: tuple[str, str], days: int) -> None:
    size = 2**60
    assert isclose(saving(*step, size, days) / 2**30, saving_a_gigabyte(*step, days), rel_tol=1e-3, abs_tol=1e-6)


def test_every_class_of_the_waterfall_has_a_price() -> None:
    assert {*PRICES} == {"STANDARD", *WATERFALL}
    assert saving("STANDARD", "STANDARD_IA", LEAST_MOVED, 30) < 0
