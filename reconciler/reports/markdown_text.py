"""Text of others in Markdown: whatever it says, it stays text.

GitHub and GitLab make links of more than CommonMark knows: mentions, numbers of issues, hashes of commits, addresses
and custom references. None of that happens in code, so everything that is not a plain word becomes code: as a span, in
a fence, or, within HTML, as an element.
"""

import html
import re
from collections.abc import Iterable

from reconciler.inert import inert, inert_lines

PLAIN = re.compile(r"\(?[^\W\d_]+(?:['’][^\W\d_]+|-[a-z]+)*[,.;:)?!…]*|\(?[0-9]{1,3}(?:,[0-9]{3})*[,;:%]*|[–—→·]")
"""A word or a number in which nobody sees a reference or the sign of a list; hashes are looked at apart."""
HASH = re.compile(r"\(?[0-9a-fA-F]{6,}[,.;:)?!…]*")
"""What could be a commit (`deadbeef` is a word, and a hash)."""
IN_BACKTICKS = re.compile(r"`([^`]+)`([,.;:)?!]*)")
IN_BRACKETS = re.compile(r"\(([^()]+)\)([,.;:]?)")
PUNCTUATION = re.compile(r"(.+?)([,.;:]?)")
TICKS = re.compile("`+")
ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[A-Za-z0-9/._~%-]*)?\Z")
LONGEST = 500
"""Characters of one text in a sentence."""
LONGEST_ADDRESS = 300


def shortened(text: str, most: int = LONGEST) -> str:
    """A text that is not endless."""
    return text if len(text) <= most else f"{text[:most]}…"


def ticks(text: str, fewest: int) -> str:
    """More backticks than stand together anywhere in a text."""
    return "`" * max([fewest, *(len(run) + 1 for run in TICKS.findall(text))])


def code(text: str, most: int = LONGEST) -> str:
    """A span of code, also within a table."""
    shown = shortened(inert(text), most).replace("|", "\\x7c")
    if not shown.strip(" "):
        shown = f'"{shown}"'
    fence = ticks(shown, 1)
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def prose(text: str, most: int = LONGEST) -> str:
    """A sentence: plain words as they are, everything else as code. It may not begin a line."""
    parts: list[str] = []
    cut = shortened(inert(text), most)
    at = 0
    for found in IN_BACKTICKS.finditer(cut):
        before, after = cut[at : found.start()], cut[found.end() : found.end() + 1]
        if (not before or before.endswith(" ")) and after in ("", " "):
            parts += [*spoken(before), code(found[1]) + found[2]]
            at = found.end()
    return " ".join([*parts, *spoken(cut[at:])]) or code(cut)


def spoken(text: str) -> list[str]:
    """The words of a text; odd ones that follow each other are one span."""
    said: list[str] = []
    odd: list[str] = []
    for word in text.split(" "):
        if word and is_plain(word):
            said += [*joined(odd), word]
            odd = []
        elif word:
            odd.append(word)
    return [*said, *joined(odd)]


def is_plain(word: str) -> bool:
    """Whether nobody takes a word for more than one."""
    return PLAIN.fullmatch(word) is not None and HASH.fullmatch(word) is None


def joined(odd: list[str]) -> list[str]:
    """Odd words as one span, without the punctuation of the sentence."""
    if not odd:
        return []
    text = " ".join(odd)
    bracketed = IN_BRACKETS.fullmatch(text)
    if bracketed is not None:
        return [f"({code(bracketed[1])}){bracketed[2]}"]
    found = PUNCTUATION.fullmatch(text)
    assert found is not None, "there is a word, in one line"
    return [code(found[1]) + found[2]]


def in_html(text: str, most: int = LONGEST) -> str:
    """The same as an element, where Markdown is not read: in the summary of what is folded."""
    return f"<code>{html.escape(shortened(inert(text), most))}</code>"


def fenced(lines: Iterable[str], language: str = "diff") -> str:
    """Lines as a block of code; each has to be inert, and none begins with what it quotes."""
    body = inert_lines("\n".join(lines))
    fence = ticks(body, 3)
    return f"{fence}{language}\n{body}\n{fence}"


def link(text: str, address: str | None) -> str | None:
    """A link, where the address is one beyond doubt; `text` is ours."""
    return f"[{text}]({address})" if address and len(address) <= LONGEST_ADDRESS and ADDRESS.match(address) else None
