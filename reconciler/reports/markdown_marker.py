"""The first line of a comment, which nobody sees: whose it is, and what was reviewed.

A comment of HTML that holds JSON. What would end the comment (``--``, ``>``) or begin another is written as an escape.
"""

import json
from typing import NamedTuple

from reconciler.inert import inert_json

BEGIN, END = "<!-- reconcile:v1 ", " -->"
ESCAPES = {"--": "\\u002d\\u002d", "<": "\\u003c", ">": "\\u003e"}


class Marker(NamedTuple):
    """What a comment says to programs."""

    key: str
    """Which of the comments of a pull request."""
    fingerprint: str | None
    """Of the plan; None where there is none."""
    head: str | None
    """The commit that it was made of."""
    paths: tuple[str, ...]
    """The specs that were planned."""
    tool: str
    """The version of this program."""


def marker(said: Marker) -> str:
    """The line, without its end."""
    text = inert_json(json.dumps(said._asdict(), separators=(",", ":")))
    for sign, escape in ESCAPES.items():
        text = text.replace(sign, escape)
    return BEGIN + text + END


def marker_in(text: str) -> Marker | None:
    """What the first line of a comment says; None where it is not, to the letter, what `marker` writes."""
    line = text.partition("\n")[0].removesuffix("\r")
    if not (line.startswith(BEGIN) and line.endswith(END)):
        return None
    try:
        found = json.loads(line[len(BEGIN) : -len(END)])
        said = Marker(**{**found, "paths": tuple(found["paths"])})
        return said if is_marker(said) and marker(said) == line else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def is_marker(said: Marker) -> bool:
    """Whether everything in it is what it has to be."""
    texts = (said.key, said.tool, *said.paths)
    maybe = (said.fingerprint, said.head)
    return all(isinstance(text, str) for text in texts) and all(text is None or isinstance(text, str) for text in maybe)
