"""Text from specs and live buckets made harmless: it moves no cursor, turns no line round and gives no orders.

A tag value may hold an escape sequence that erases the warning above it, a mark that shows the rest of the line
backwards (CWE-150), a space that only looks like one, or what the runner of a pipeline takes for a command of the
job that it runs. All of that is shown as an escape. Text, YAML (between double quotes) and JSON each have their own
function, and the escapes of each are read back by its own readers.

What runners obey: GitHub's takes a line for a command that begins with `::`, after white space, and `##[…]` anywhere
in one (actions/runner, ActionCommand.cs); Azure's takes `##vso[…]`, TeamCity's `##teamcity[…]`. GitLab's sections
need an escape sequence.
"""

import re
from unicodedata import combining

NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
COLOUR = "\x1b\\[[0-9;]*m"
COLOURS = re.compile(f"({COLOUR})")
COMMAND = re.compile(r"(?<=#)#(?=(?:vso|teamcity)?\[)", re.IGNORECASE)
"""The second sign of a command that may stand anywhere in a line."""
FIRST_IN_LINE = re.compile(f"^((?: |{COLOUR})*):(?=:)", re.MULTILINE)
"""The first sign of a command that begins a line."""
MAY_BE_FIRST = re.compile(r"(?:^|\s)::")
"""The same in a text whose lines may be broken at any space."""
SEEN_AS_NOTHING = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""What counts as a letter or a sign and shows nothing."""
MOST_MARKS = 4
"""Accents on one letter; more of them only cover the lines above and below."""


def inert(text: str) -> str:
    """One line of text in which nothing but letters, signs and plain spaces is left."""
    text = COMMAND.sub(r"\\x23", text)
    if text.isascii():
        return text if text.isprintable() else "".join(map(seen, text))
    marks = 0
    shown = []
    for character in text:
        marks = marks + 1 if combining(character) else 0
        shown.append(seen(character) if marks <= MOST_MARKS else escaped(character))
    return "".join(shown)


def inert_lines(text: str) -> str:
    """What this program prints, line breaks and its own colours kept, whatever has got into it."""
    lines = (line if line.isascii() and line.isprintable() else inert_in_colour(line) for line in text.split("\n"))
    return FIRST_IN_LINE.sub(r"\1\\x3a", COMMAND.sub(r"\\x23", "\n".join(lines)))


def inert_in_colour(line: str) -> str:
    """One line of text with our colours."""
    return "".join(part if COLOURS.fullmatch(part) else inert(part) for part in COLOURS.split(line))


def inert_json(text: str) -> str:
    """JSON that says the same, with whatever is not inert in it written as an escape."""
    lines = (line if line.isprintable() else "".join(map(in_json, line)) for line in text.split("\n"))
    return COMMAND.sub(r"\\u0023", "\n".join(lines))


def needs_quotes(text: str) -> bool:
    """Whether a text has to stand between double quotes in YAML, where there are escapes, to be shown to anybody."""
    return inert(text) != text or MAY_BE_FIRST.search(text) is not None


def seen(character: str) -> str:
    """A character, or the escape of one that cannot be seen."""
    return character if character.isprintable() and character not in SEEN_AS_NOTHING else escaped(character)


def escaped(character: str) -> str:
    """A character as Python and YAML write it."""
    code = ord(character)
    if character in NAMED:
        return NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def in_json(character: str) -> str:
    """A character as JSON may write it: what lies beyond 16 bits takes two escapes."""
    if character.isprintable():
        return character
    pair = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pair[at : at + 4]}" for at in range(0, len(pair), 4))
