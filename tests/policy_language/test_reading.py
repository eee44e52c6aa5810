"""How the text of a live policy is read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects.policy import Policy

TEXTS = ("1e22", "1.10", "1E3", "0.00001", "-0", "9007199254740993", "1.0e+22", "NaN")


def live(value: str) -> Policy:
    return Policy.from_s3({"Policy": f'{{"Statement":[{{"Condition":{{"StringEquals":{{"aws:x":{value}}}}}}}]}}'})


def condition(policy: Policy) -> Any:
    return policy.to_s3()["Policy"].partition('"aws:x":')[2].removesuffix("}}}]}")


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_are_the_text_that_is_written(text: str) -> None:
    assert condition(live(text)) == json.dumps(text)
    assert live(text) == live(json.dumps(text))


@given(number=st.floats() | st.integers(), other=st.sampled_from(TEXTS))
def test_two_texts_are_two_strings_whatever_their_value(number: float, other: str) -> None:
    text = json.dumps(number)
    assert (live(text) == live(other)) is (text == other)


def test_booleans_stay_what_they_are() -> None:
    assert condition(live("[true,false]")) == "[true,false]"


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement":[],"Statement":[{"Effect":"Allow"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Sid":"A","Effect":"Allow"}]}',
        '{"Statement":{"Condition":{"Bool":{"aws:x":"true"},"Bool":{"aws:x":"true"}}}}',
    ],
)
def test_a_name_that_stands_twice_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"`(Statement|Effect|Bool)` stands twice"):
        Policy.from_s3({"Policy": text})
