"""Laws of text in Markdown, as a reader of CommonMark sees it, and of the marker that nobody sees."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.inert import inert
from reconciler.reports.markdown import Marker, marker, marker_in
from reconciler.reports.markdown_text import code, fenced, in_html, link, prose
from tests.hostile import ALL, is_inert

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
BREAKING_OUT = (
    "`", "``` x", "a|b", "\\|", "\\`", "`a`b`", "@acme/admins", "#1", "GH-1", "acme/lake#1", "deadbeef", "1234567",
    "</details>", "<!-- x", "-->", "<b>", "&lt;", "&#64;x", "*x*", "__x__", "~~x~~", "[x](https://x.example)",
    "![x](y)", "https://x.example", "www.example.com", "a@example.com", "# x", "- x", "1. x", "> x", "| a | b |",
    "---", "===", "    x", "::error::x", ":tada:", "!1", "%x", "$x", "`x", "(`x`)", "see `a` (or `b`), 1,204 of them.",
    "1.", "2)", "[ ] x", "+", "(see https://x.example/(y))", "``", " ", "[x]: /y", "\\", "x\\", "@@ x @@", "é@x",
    "１．",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from([*ALL, *BREAKING_OUT]),
    st.lists(st.sampled_from([*BREAKING_OUT, "word", "and"]), max_size=5).map(" ".join),
    st.text("`|\\<>[]()*_~@#:&!-+=./'\"1a é\n\r\t\u202e", max_size=20),
    st.text(max_size=20),
)
ACTIVE = re.compile(r"[@#&<>`*_~\[\]|\\]|://|[^\W\d]\.\w|[0-9]{4}|\b[0-9a-fA-F]{6,}\b|[^\W\d][0-9]|-[A-Z0-9]")
"""What somebody might make a link of in what is not code; more than GitHub and GitLab do."""


def inline(text: str) -> list[Token]:
    """What a paragraph is made of."""
    blocks = READER.parse(text)
    assert [block.type for block in blocks] == ["paragraph_open", "inline", "paragraph_close"], blocks
    return blocks[1].children or []


@given(text=TEXTS)
def test_code_is_one_span_that_says_the_text(text: str) -> None:
    (found,) = inline(code(text))
    said = inert(text).replace("|", "\\x7c")
    assert (found.type, found.content.strip()) == ("code_inline", (said if said.strip(" ") else f'"{said}"').strip())


@given(text=TEXTS)
def test_code_is_one_cell_of_a_table(text: str) -> None:
    blocks = READER.parse(f"| a | b |\n| --- | --- |\n| {code(text)} | x |")
    cells = [block.children or [] for block in blocks if block.type == "inline"]
    assert [[part.type for part in cell] for cell in cells] == [["text"], ["text"], ["code_inline"], ["text"]]


@given(text=TEXTS)
@example(text="see `a` (or `b`), 1,204 of them.")
def test_a_sentence_is_words_and_code_and_says_all_of_it(text: str) -> None:
    found = inline(f"said: {prose(text)}")
    assert {part.type for part in found} <= {"text", "code_inline"}
    for part in found:
        if part.type == "text":
            assert not ACTIVE.search(part.content), part.content
    letters = re.sub(r"[\s`|\"]", "", inert(text).replace("|", "\\x7c"))
    assert re.sub(r"[\s`|\"]", "", "".join(part.content for part in found)) == f"said:{letters}"


@given(text=TEXTS)
def test_a_sentence_is_one_item_of_a_list(text: str) -> None:
    kinds = [block.type for block in READER.parse(f"- {prose(text)}")]
    assert kinds == [
        "bullet_list_open", "list_item_open", "paragraph_open", "inline",
        "paragraph_close", "list_item_close", "bullet_list_close",
    ]  # fmt: skip


@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_a_fence_is_closed_by_its_end_alone(texts: list[str]) -> None:
    lines = [f"+ {inert(text)}" for text in texts]
    for before, kinds in (("", ["fence"]), ("> ", ["blockquote_open", "fence", "blockquote_close"])):
        found = READER.parse("\n".join(before + line for line in fenced(lines).split("\n")))
        assert [block.type for block in found] == kinds
        assert found[len(kinds) // 2].content == "\n".join(lines) + "\n"


@given(text=TEXTS)
def test_in_html_nothing_is_an_element(text: str) -> None:
    assert re.fullmatch(r"<code>[^<>\n]*</code>", in_html(text))


def test_plain_words_stay_as_they_are() -> None:
    said = "objects under `raw/` are deleted after 300 days, not 365 (rule archive-raw); see s3:GetObject."
    assert prose(said) == said.replace("s3:GetObject", "`s3:GetObject`")
    assert prose("did you mean `tags`? or `a_b`!") == "did you mean `tags`? or `a_b`!"
    assert prose("it lets in everybody (s3:GetObject).") == "it lets in everybody (`s3:GetObject`)."
    assert prose("x" * 1_000 + " y").count("x") == 500


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://github.com/acme/lake/actions/runs/1", True),
        ("http://127.0.0.1:8080/x", True),
        ("https://x.example/a)b", False),
        ("javascript:alert(1)", False),
        ("https://x.example/a\n", False),
        ("https://x.example/" + "a" * 300, False),
        ("", False),
        (None, False),
    ],
)
def test_only_an_address_beyond_doubt_is_a_link(address: str | None, is_one: bool) -> None:
    assert (link("run", address) is not None) == is_one


# ── the marker ───────────────────────────────────────────────────────────────────────────────────────

MARKERS = st.builds(Marker, TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.lists(TEXTS, max_size=4).map(tuple), TEXTS)


@given(said=MARKERS, rest=TEXTS)
def test_a_marker_comes_back_equal_and_is_one_comment(said: Marker, rest: str) -> None:
    line = marker(said)
    assert marker_in(line) == marker_in(f"{line}\n{rest}") == marker_in(f"{line}\r\n{rest}") == said
    assert line.isascii()
    assert is_inert(line)
    assert re.fullmatch(r"<!-- (?:(?!--)[^<>])* -->", line)
    assert next(block.type for block in READER.parse(f"{line}\n\n# x")) == "html_block"


@given(said=MARKERS, data=st.data())
def test_a_marker_with_anything_else_in_it_is_none(said: Marker, data: st.DataObject) -> None:
    line = marker(said)
    at = data.draw(st.integers(0, len(line) - 1))
    other = line[:at] + data.draw(st.sampled_from(["", "x", "-", '"', " ", "}"])) + line[at + 1 :]
    found = marker_in(other)
    assert found is None or marker(found) == other


GOOD: dict[str, object] = {"key": "k", "fingerprint": None, "head": None, "paths": [], "tool": "1"}


@pytest.mark.parametrize(
    "said",
    [
        [],
        "x",
        {},
        GOOD | {"more": 1},
        GOOD | {"key": 1},
        GOOD | {"head": 1},
        GOOD | {"paths": [1]},
        GOOD | {"paths": "ab"},
        GOOD | {"paths": None},
        {name: value for name, value in GOOD.items() if name != "tool"},
    ],
)
def test_what_somebody_else_has_made_is_no_marker(said: object) -> None:
    assert marker_in(f"<!-- reconcile:v1 {json.dumps(said, separators=(',', ':'))} -->") is None


@pytest.mark.parametrize(
    "line", ["", "x", "<!-- reconcile:v1 -->", "<!-- reconcile:v2 {} -->", "<!-- reconcile:v1 {] -->"]
)
def test_what_is_no_json_is_no_marker(line: str) -> None:
    assert marker_in(line) is None
    assert marker_in("<!-- reconcile:v1 " + "[" * 100_000 + " -->") is None
