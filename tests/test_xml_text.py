"""What XML cannot hold is found wherever it stands, and nothing else is."""

import re
import sys

from hypothesis import given
from hypothesis import strategies as st

from reconciler.xml_text import UNWRITABLE, unwritable


def is_char(code: int) -> bool:
    """The production Char of XML 1.0."""
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def test_nothing_that_can_be_printed_is_unwritable() -> None:
    printable = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert re.search(UNWRITABLE, printable) is None


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_the_first_one_is_told(text: str) -> None:
    first = next((character for character in text if not is_char(ord(character))), None)
    said = unwritable(text)
    assert said is None if first is None else f"U+{ord(first):04X}" in (said or "")


def test_each_end_of_each_range() -> None:
    ends = [code + step for code in (0x9, 0xA, 0xD, 0x20, 0xD7FF, 0xE000, 0xFFFD, 0x10000) for step in (-1, 0, 1)]
    assert [code for code in ends if unwritable(chr(code)) is None] == [code for code in ends if is_char(code)]
