"""Text from specs and live buckets made harmless: nothing in it can move the cursor or turn the line round.

A tag value may hold an escape sequence that erases the warning above it, or a mark that shows the rest of
the line backwards (CWE-150). Such characters are shown as escapes.
"""

import re

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
"""C0 and C1 controls, DEL, line separators, marks of direction, characters without width, lone surrogates."""


def inert(text: str) -> str:
    """The text with every unsafe character written as an escape."""
    return UNSAFE.sub(lambda match: _escaped(match[0]), text)


def _escaped(character: str) -> str:
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(character)
    return named.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
