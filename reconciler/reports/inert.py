"""Text from specs and live buckets made harmless: nothing in it can move the cursor or turn the line round.

A tag value may hold an escape sequence that erases the warning above it, a mark that shows the rest of the
line backwards (CWE-150), or a space that only looks like one. Whatever does not print is shown as an escape.
"""

NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def inert(text: str) -> str:
    """The text with every character that does not print written as an escape."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(ord(character)) for character in text)


def _escaped(code: int) -> str:
    if chr(code) in NAMED:
        return NAMED[chr(code)]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
