"""What is shown does nothing: no text, in no place of a line, in text, JSON or YAML."""

import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.inert import MOST_MARKS, inert, inert_json, inert_lines
from reconciler.quoting import Quoting
from reconciler.specs.writing import as_read, comment, one_field
from tests.hostile import ALL, OURS, TEXTS, does_something, is_inert

PIECES = st.sampled_from(
    [*ALL, "::", "##", "#", "[", ":", " ", "vso", "error::", "\n", "\x1b[31m", "é", "宽", "\U0001f600"]
)
texts = st.lists(PIECES | st.characters(), max_size=6).map("".join)
every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


@every_text
def test_each_of_these_does_something(text: str) -> None:
    shows_nothing_new = ("comment of HTML", "template", "YAML", "one colon", "command after a name")
    name = next(name for name, one in TEXTS.items() if one == text)
    does = [does_something(line) for line in text.split("\n")]
    if name not in (*shows_nothing_new, "letters that show nothing", "marks on marks", "code of Markdown"):
        assert any(does), "else it shows nothing here"
    assert is_inert(inert_lines(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode: 宽 — →", None),
        ("arn:aws:s3:::acme-lake/*", None),
        ("::1/128", None),
        ("\x1b[2K\t\r\n\x9b\u202e\U000e0041\ud800", "\\x1b[2K\\t\\r\\n\\x9b\\u202e\\U000e0041\\ud800"),
        ("##[group]", "#\\x23[group]"),
        ("###vso[x]", "##\\x23vso[x]"),
        ("# [x] ## a #[b]", None),
        ("a\u3164b", "a\\u3164b"),
        ("Z" + "\u0301" * (MOST_MARKS + 2), "Z" + "\u0301" * MOST_MARKS + "\\u0301\\u0301"),
        ("e\u0301" * 9, None),
    ],
)
def test_as_people_see_it(text: str, shown: str | None) -> None:
    assert inert(text) == (text if shown is None else shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x\n  ::warning::y\n", "\\x3a:error::x\n  \\x3a:warning::y\n"),
        ("\x1b[31m::error::x\x1b[0m", "\x1b[31m\\x3a:error::x\x1b[0m"),
        ("a ::error::x", "a ::error::x"),
        ("\x1b[1mbold\x1b[0m é\x1b[2J", "\x1b[1mbold\x1b[0m é\\x1b[2J"),
        ("\n\n::\n", "\n\n\\x3a:\n"),
    ],
)
def test_lines_keep_their_breaks_and_our_colours(text: str, shown: str) -> None:
    assert inert_lines(text) == shown


@given(texts)
def test_a_text_is_one_line_and_what_is_shown_stays_as_it_is(text: str) -> None:
    shown = inert(text)
    assert shown.isprintable()
    assert is_inert(inert_lines(shown))
    assert inert(shown) == shown
    assert inert_lines(inert_lines(text)) == inert_lines(text)
    assert is_inert(inert_lines("".join(OURS.sub("", part) for part in text)))


@given(st.recursive(texts, lambda inside: st.lists(inside) | st.dictionaries(texts, inside), max_leaves=5))
@example("é\u202e\U000e0041::")
def test_json_says_the_same(data: object) -> None:
    for written in (json.dumps(data, indent=2, ensure_ascii=False), json.dumps(data, indent=2)):
        shown = inert_json(written)
        assert json.loads(shown) == data
        assert is_inert(shown)
        assert json.loads(inert_lines(shown)) == data


@given(texts.filter(lambda text: text.encode(errors="ignore").decode() == text), texts)
def test_yaml_says_the_same(text: str, other: str) -> None:
    field = ("structure", {text: text, "list": [text, {"a": text}], "long": f"{'word ' * 30}{text} {text}"})
    shown = inert_lines(one_field(field))
    assert is_inert(shown)
    assert yaml.load(shown, Loader=yaml.BaseLoader) == {field[0]: field[1]}
    assert as_read({field[0]: field[1]}) == {field[0]: field[1]}
    dumped = inert_lines(yaml.dump([text], Dumper=Quoting, allow_unicode=True, width=60))
    assert yaml.load(dumped, Loader=yaml.BaseLoader) == [text]
    assert is_inert(inert_lines(comment(other)))
    assert all(line.startswith("#") for line in inert_lines(comment("x" + other)).split("\n"))
