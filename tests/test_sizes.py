import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sizes import UNITS, bytes_in, in_units


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 * 1024**6, "5,120.0 PiB")],
)
def test_bytes_in_words(number: int, text: str) -> None:
    assert in_units(number) == text


@given(st.integers(1, 999), st.sampled_from(UNITS))
def test_what_is_written_is_shown_in_the_same_unit(number: int, unit: str) -> None:
    assert in_units(bytes_in(f"{number}{unit}") or 0).split() == [f"{number}{'' if unit == 'B' else '.0'}", unit]


@pytest.mark.parametrize("text", ["", "5", "GiB", "-1GiB", "1.5GiB", "5 gib", "5GB", "٣GiB"])
def test_what_is_no_size(text: str) -> None:
    assert bytes_in(text) is None
