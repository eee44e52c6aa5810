"""What a team may set of the rules about names and tags, and what follows from prices."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.aspects.lifecycle import WATERFALL
from reconciler.guardrails.configured import guardrails_of
from reconciler.guardrails.naming import misfit, parts_of
from reconciler.guardrails.prices import (
    DAYS_OF_A_MONTH,
    LEAST_MOVED,
    PRICES,
    saving,
    saving_a_gigabyte,
    saving_a_month,
)
from reconciler.guardrails.promises import Term, promised
from reconciler.guardrails.rules.nam_01 import Convention
from reconciler.guardrails.rules.tag_01 import Asked, fits
from reconciler.settings import GuardrailSettings

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
        {},
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


@pytest.mark.parametrize("said", ["none", {"severity": "none", "convention": "<a>"}, {"enabled": False}])
def test_a_rule_that_is_not_asked_needs_no_convention(said: object) -> None:
    assert not guardrails_of(GuardrailSettings(rules={"NAM-01": said}))[1]


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


@given(size=st.integers(0, 2**40), days=st.integers(1, 4000))
def test_what_is_tiered_costs_no_less_than_its_last_tier_and_no_more_than_its_first(size: int, days: int) -> None:
    months = days / DAYS_OF_A_MONTH
    tiered = saving("STANDARD", "INTELLIGENT_TIERING", size, days) + PRICES["INTELLIGENT_TIERING"].transition / 1000
    monitoring = PRICES["INTELLIGENT_TIERING"].monitoring / 1000 if size >= LEAST_MOVED else 0
    assert -monitoring * months - 1e-9 <= tiered
    assert tiered <= saving_a_month("STANDARD", "INTELLIGENT_TIERING", size) * months + 1e-9


def test_what_leaves_tiering_is_not_monitored_any_more() -> None:
    assert saving("INTELLIGENT_TIERING", "GLACIER_IR", LEAST_MOVED, 200) > 0
    assert saving("STANDARD", "GLACIER_IR", LEAST_MOVED, 200) < 0


def test_every_class_of_the_waterfall_has_a_price() -> None:
    assert {*PRICES} == {"STANDARD", *WATERFALL}
    assert saving("STANDARD", "STANDARD_IA", LEAST_MOVED, 30) < 0


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("kept for three months", Term(90, 92)),
        ("Retained at least 12 months", Term(360, 365)),
        ("Retention: 2 years", Term(730, 730)),
        ("a retention period of 10 days", Term(10, 10)),
        ("Keep it for twenty-four months", Term(720, 730)),
        ("previews kept for 14 days, originals kept for two years", Term(14, 14)),
        ("Not for humans, kept for a week. At most two people read it", Term(7, 7)),
        ("read-only data kept for nineteen days", Term(19, 19)),
        ("kept for at least one year, at most two", Term(365, 365)),
    ],
)
def test_a_promise_is_as_long_as_its_words_say(text: str, term: Term) -> None:
    assert promised(text) == term


@pytest.mark.parametrize(
    "text",
    [
        "kept for one year at most",
        "kept for 30 days, no longer",
        "kept for 2 years maximum",
        "must not be kept for one year or longer",
        "We don't keep data for 30 days",
        "only kept for 30 days",
        "kept for 30 days only",
        "kept up to 30 days",
        "kept for many years",
        "kept for 0 days",
    ],
)
def test_what_is_to_be_deleted_is_no_promise_to_keep(text: str) -> None:
    assert promised(text) is None


def test_a_text_of_many_promises_takes_no_longer_for_each() -> None:
    assert promised("kept for 3 days at most, " * 20_000) is None
