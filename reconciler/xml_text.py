"""Texts that go into an XML document.

XML 1.0 has no way to write most control characters, not even as an escape (W3C, Extensible Markup Language 1.0,
production Char). S3 answers MalformedXML to a document that holds one.
"""

import re

UNWRITABLE = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""Compiled when it is needed: that takes longer than a whole spec takes to be read."""


def unwritable(text: str) -> str | None:
    """What is wrong with a text that XML cannot hold, in words."""
    if text.isprintable():  # none of them is
        return None
    found = re.search(UNWRITABLE, text)
    return f"this holds the character U+{ord(found[0]):04X}, which XML cannot hold" if found else None
