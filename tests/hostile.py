"""Texts that somebody might put into a tag, a policy or an answer of S3, and what has become of them when shown."""

import json
import re
from pathlib import Path

TEXTS: dict[str, str] = json.loads(Path(__file__).with_name("hostile_texts.json").read_text())
ALL = list(TEXTS.values())
WRITABLE = [text for text in ALL if text.encode(errors="ignore").decode() == text]
"""Those that files and requests can hold: not half a character."""
OURS = re.compile("\x1b\\[(?:0|1|2|3[0-9]|1;30;43)m")
"""The colours of this program."""
ANYWHERE = re.compile(r"##(?:vso|teamcity)?\[", re.IGNORECASE)


def does_something(line: str) -> str | None:
    """What a terminal or the runner of a pipeline would do with a line; None for nothing but showing it."""
    plain = OURS.sub("", line)
    acting = next((sign for sign in plain if not sign.isprintable()), None)
    if acting is not None:
        return f"U+{ord(acting):04X}"
    if plain.strip().startswith("::"):  # ActionCommand.TryParseV2 trims the line first
        return "a command of GitHub"
    return "a command" if ANYWHERE.search(plain) else None


def is_inert(output: str) -> bool:
    """Whether nothing in an output does anything. Fails with the first line that does."""
    for line in output.split("\n"):
        assert does_something(line) is None, (does_something(line), line)
    return True
