"""The strict reader: what a plain scalar means, what is refused, and where everything stands."""

import gc
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler import strict_yaml
from reconciler.nodes import HAS_NULL, HAS_RESPELLED, HAS_VARIABLE, LINE_BREAK, Node, Source
from reconciler.problems import Problem
from reconciler.strict_yaml import MOST_PROBLEMS, HandedOver, parse, uncollected

KEYS = st.sampled_from(["a", "b", "x y", "ü", "on", "3"])
PLAIN = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["C"]), max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
    max_leaves=10,
)


def read(text: str) -> tuple[Any, list[Problem]]:
    node, problems = parse(Source("spec.yaml", text))
    return (node.plain() if node else None), list(problems)


def told(text: str) -> list[tuple[int, int, str]]:
    return [(p.place.line, p.place.column, p.code) for p in read(text)[1] if p.place]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("1.10", 1.1),
        ("-0.5", -0.5),
        ("1e5", 1e5),
        ("1.0E+3", 1000.0),
        ("null", None),
        ("~", None),
        ("", None),
        # what other YAML readers make something else of
        ("2012-10-17", "2012-10-17"),
        ("2012-10-17 10:00:00", "2012-10-17 10:00:00"),
        ("012345670123", "012345670123"),
        ("22:30", "22:30"),
        ("12:30:45", "12:30:45"),
        ("1_2_3", "1_2_3"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("12e4567", "12e4567"),
        ("=", "="),
        ("y", "y"),
        ("n", "n"),
        ("Nein", "Nein"),
        ("nothing", "nothing"),
        # quotes always mean text
        ('"12"', "12"),
        ("'true'", "true"),
        ('"0644"', "0644"),
        ('"yes"', "yes"),
        ('"*"', "*"),
        ('""', ""),
        ("|\n  true\n", "true\n"),
        ("[s3:GetObject]", ["s3:GetObject"]),
        ("{}", {}),
        ("[]", []),
    ],
)
def test_what_is_written_is_what_is_meant(written: str, meant: Any) -> None:
    value, problems = read(f"key: {written}\n")
    assert not problems
    assert value == {"key": meant}
    assert type(value["key"]) is type(meant) or isinstance(value["key"], int | float)


@pytest.mark.parametrize("written", ["1.10", "12", "+3", "123456789012", "1e5"])
def test_numbers_remember_how_they_are_written(written: str) -> None:
    node, _ = parse(Source("spec.yaml", f"key: {written}"))
    assert node is not None
    assert node.value["key"].text == written
    assert node.plain()["key"].written == written


def test_a_number_of_thousands_of_digits_is_text() -> None:
    assert read("key: " + "9" * 5000)[0] == {"key": "9" * 5000}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        # booleans and octal numbers
        ("enabled: no", [(1, 10, "RCL1006")]),
        ("enabled: Yes", [(1, 10, "RCL1006")]),
        ("enabled: ON", [(1, 10, "RCL1006")]),
        ("enabled: off", [(1, 10, "RCL1006")]),
        ("enabled: True", [(1, 10, "RCL1006")]),
        ("enabled: FALSE", [(1, 10, "RCL1006")]),
        ("mode: 0644", [(1, 7, "RCL1006")]),
        ("mode: 00", [(1, 7, "RCL1006")]),
        # the same key twice
        ("a: 1\nb: 2\na: 3\n", [(3, 1, "RCL1005")]),
        ('a: 1\n"a": 3\n', [(2, 1, "RCL1005")]),
        ("{a: 1, a: 2}", [(1, 8, "RCL1005")]),
        # what specs do not have
        ("a: &x 1", [(1, 4, "RCL1007")]),
        ("&x a: 1", [(1, 1, "RCL1007")]),
        ("a: &x [1]\nb: *x\n", [(1, 4, "RCL1007"), (2, 4, "RCL1007")]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", [(1, 4, "RCL1007"), (3, 3, "RCL1007"), (3, 7, "RCL1007")]),
        ("a: !include x", [(1, 4, "RCL1007")]),
        ("a: !!python/object:os.system [ls]", [(1, 4, "RCL1007")]),
        ("!x a: 1", [(1, 1, "RCL1007")]),
        ("? [a]\n: b\n", [(1, 3, "RCL1007")]),
        ("a: 1\n---\nb: 2\n", [(2, 1, "RCL1007")]),
        # not YAML at all
        ("principal: *", [(1, 12, "RCL1001")]),
        ("key: @x", [(1, 6, "RCL1001")]),
        ("key: %x", [(1, 6, "RCL1001")]),
        ("key: `x`", [(1, 6, "RCL1001")]),
        ("a: b: c", [(1, 5, "RCL1001")]),
        ("a:\n\tb: 1\n", [(2, 1, "RCL1001")]),
        ("a: [1", [(1, 4, "RCL1001")]),
        ("a: 'x", [(1, 4, "RCL1001")]),
        ("a: \x07", [(1, 4, "RCL1001")]),
        ("a: 1\nb: \x00x", [(2, 4, "RCL1001")]),
        ("a: x\x7f", [(1, 5, "RCL1001")]),
        ("a: x\ud800", [(1, 5, "RCL1001")]),
        ('a: "\\ud83d\\ude00"', [(1, 7, "RCL1001")]),
        ("%YAML 9.9\n---\na: 1\n", [(1, 1, "RCL1001")]),
        # nothing
        ("", [(1, 1, "RCL1004")]),
        ("# only a comment\n", [(1, 1, "RCL1004")]),
        ("---\n...\n", [(1, 1, "RCL1004")]),
        ("null", [(1, 1, "RCL1004")]),
        ("\ufeff", [(1, 1, "RCL1004")]),
        # too deep
        ("[" * 41 + "]" * 41, [(1, 41, "RCL1003")]),
    ],
)
def test_refused(text: str, problems: list[tuple[int, int, str]]) -> None:
    assert told(text) == problems


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: no", 'write false or "no"'),
        ("a: On", 'write true or "On"'),
        ("a: 0644", 'write "0644" in quotes if it is text'),
        ("principal: *", 'put the value in quotes: "*"'),
        ("key: @x", "put the value in quotes"),
        ("a:\n\tb: 1\n", "indent with spaces, not tabs"),
        ("a: b: c", "put a value that holds `: ` in quotes, or check the indentation"),
        ('a: "\\ud83d\\ude00"', "write the character itself"),
        ("a: [1", None),
        ("a: 1\n\n  a: 1\na: 1", "put a value that holds `: ` in quotes, or check the indentation"),
        ("a: \x07", "take it out"),
        ("x: 1\na: 1\na: 2", "the first is at 2:1"),
    ],
)
def test_what_to_do_is_said(text: str, hint: str | None) -> None:
    assert read(text)[1][-1].help == hint


def test_forty_levels_are_deep_enough() -> None:
    assert told("[" * 40 + "]" * 40) == []


def test_a_file_with_many_mistakes_is_left_at_some_point() -> None:
    value, problems = read("\n".join(f"k{number}: yes" for number in range(1000)))
    assert len(problems) == MOST_PROBLEMS
    assert value is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000_000,
        "{a: " * 2_000_000,
        "- " * 5_000_000,
        "? " * 5_000_000,
        "\n".join("  " * level + "a:" for level in range(3000)),
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n" for n in range(9)),
        "'" * 9_999_999,
        "a: " + "x" * (strict_yaml.LARGEST_FILE + 1),
    ],
    ids=["flow lists", "flow maps", "block lists", "complex keys", "indents", "aliases", "quotes", "too large"],
)
def test_attempts_to_exhaust_the_machine_end_soon(text: str) -> None:
    before = time.process_time()
    _, problems = parse(Source("spec.yaml", text))
    assert problems
    assert time.process_time() - before < 10  # a fence against minutes, not a measurement


def test_every_value_and_key_knows_its_place() -> None:
    text = 'a: 1\nb:\n  - x\n  - {c: "yö", d: [e, f]}\n  - |\n    long\n"k k": \'v\'\n'
    source = Source("spec.yaml", text)
    node, _ = parse(source)
    assert node is not None

    def at(*path: str | int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        *_, (found, missing) = node.follow(path)
        *_, (parent, _) = node.follow(path[:-1])
        assert missing is None
        name = parent.written(path[-1]) if path[-1] in parent.keys else None
        return found.span, name[0].span_of(name[1]) if name else (0, 0, 0)

    assert at("a") == ((1, 4, 5), (1, 1, 2))
    assert at("b") == ((3, 3, 4), (2, 1, 2))
    assert at("b", 0) == ((3, 5, 6), (0, 0, 0))
    assert at("b", 1, "c") == ((4, 9, 13), (4, 6, 7))
    assert at("b", 1, "d", 1) == ((4, 22, 23), (0, 0, 0))
    assert at("b", 2) == ((5, 5, 6), (0, 0, 0))
    assert at("k k") == ((7, 8, 11), (7, 1, 6))


def test_lines_are_counted_as_libyaml_counts_them() -> None:
    text = "a: 1\r\nb: 'x\u2028y'\nc: 'v\x85w'\rd: no\n"
    (problem,) = read(text)[1]
    assert problem.place is not None
    assert problem.place.line == 6
    assert problem.lines == ("w'", "d: no")


def test_a_path_that_is_not_written_ends_where_it_stops() -> None:
    node, _ = parse(
        Source("spec.yaml", "rules:\n  - {id: one, steps: [{storage_class: GLACIER}]}\n  - {x: 1}\n  - text\n")
    )
    assert node is not None
    code = strict_yaml.NOT_YAML

    def place(*path: str | int, at_key: bool = False) -> str:
        return str(node.problem(code, "", path, at_key=at_key).place)

    assert place("rules", "one", "id") == "spec.yaml:2:10"
    assert place("rules", "one", "steps", "GLACIER") == "spec.yaml:2:23"
    assert place("rules", "two", "id") == "spec.yaml:2:3"
    assert place("rules", "", "x") == "spec.yaml:3:9"
    assert place("rules", 2) == "spec.yaml:4:5"
    assert place("rules", 9) == "spec.yaml:2:3"
    assert place("rules", "one", "id", "deeper") == "spec.yaml:2:10"
    assert place("rules", at_key=True) == "spec.yaml:1:1"
    assert place("nothing", at_key=True) == "spec.yaml:1:1"
    assert place(at_key=True) == "spec.yaml:1:1"
    assert place("rules", 2, at_key=True) == "spec.yaml:4:5"


def test_collection_is_paused_and_goes_on_only_where_it_was_on() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_without_libyaml_the_slow_reader_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "Reader", yaml.SafeLoader)
    assert read("a: [1, {b: yes}]")[1][0].code == "RCL1006"
    assert told("a: \x07") == [(1, 4, "RCL1001")]
    assert told("a: @x") == [(1, 4, "RCL1001")]


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    node, problems = parse(Source("spec.yaml", text))
    assert node is not None or problems
    for problem in problems:
        assert problem.place is not None
        assert 1 <= problem.place.line <= len(LINE_BREAK.split(text))
        assert problem.place.column < problem.place.end_column


@given(PLAIN)
def test_what_json_writes_is_read_as_it_is(value: Any) -> None:
    import json

    node, problems = parse(Source("spec.yaml", json.dumps({"key": value}, ensure_ascii=False)))
    assert not problems
    assert isinstance(node, Node)
    assert node.plain() == {"key": value}


@given(st.text(st.sampled_from("ab: -[]{}#|>'\"?,\n\r\x85\u2028ö🪣"), max_size=40) | st.text(max_size=10))
def test_a_place_is_the_one_that_the_reader_names(text: str) -> None:
    source = Source("spec.yaml", "a: [x]\n" + text)
    try:
        events = list(yaml.parse(source.text, Loader=strict_yaml.Reader))
    except yaml.YAMLError:
        events = []
    for event in events:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        nowhere = start.index == len(source.text) and start.column == 0  # libyaml adds a line to a text without an end
        if isinstance(event, yaml.NodeEvent) and not nowhere:
            within = end.line == start.line and end.column > start.column and isinstance(event, yaml.ScalarEvent)
            told = source.span_of(strict_yaml.where(event))
            assert told == (start.line + 1, start.column + 1, end.column + 1 if within else start.column + 2)


@given(
    st.recursive(
        st.sampled_from(["a", "'${b}'", "~", "1", "1.0", "+1", "1.10", "true", '"1.10"', "null"]),
        lambda inside: (
            st.lists(inside, max_size=3).map(lambda items: f"[{', '.join(items)}]")
            | st.dictionaries(st.sampled_from(["a", "${c}"]), inside, max_size=2).map(
                lambda items: "{" + ", ".join(f'"{name}": {item}' for name, item in items.items()) + "}"
            )
        ),
        max_leaves=8,
    )
)
def test_a_value_knows_what_it_holds(text: str) -> None:
    node, _ = parse(Source("spec.yaml", f"x: {text}"))
    assert node is not None
    knows_what_it_holds(node)


def knows_what_it_holds(node: Node) -> int:
    """Every value has the marks of all that it holds, and no others."""
    if isinstance(node.value, dict | list):
        names = list(node.value) if isinstance(node.value, dict) else []
        inside = node.value.values() if isinstance(node.value, dict) else node.value
        holds = HAS_VARIABLE if any("${" in name for name in names) else 0
        for child in inside:
            holds |= knows_what_it_holds(child)
    else:
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        holds = HAS_NULL if node.value is None else HAS_VARIABLE if "${" in node.text else 0
        holds |= HAS_RESPELLED if number and node.text != repr(node.value) else 0
    assert node.holds == holds
    return holds


def test_items_are_handed_over_as_they_are_read() -> None:
    text = "first: [1]\nitems: [{a: [b]}, c, [d]]\nlast: {items: [x]}\n"
    taken: list[tuple[Any, list[str], int]] = []

    def take(item: Node, root: Node, values: int) -> None:
        taken.append((item.plain(), list(root.value), values))

    node, problems = parse(Source("spec.yaml", text), HandedOver("items", take))
    assert not problems
    assert node is not None
    assert taken == [({"a": ["b"]}, ["first"], 7), ("c", ["first"], 8), (["d"], ["first"], 10)]
    assert node.plain() == {"first": [1], "items": [], "last": {"items": ["x"]}}


@pytest.mark.parametrize("text", ["- [items]\n- [x]\n", "items: {items: [x]}\n", "? [items]\n: [x]\n", "[]\n"])
def test_only_a_list_of_that_name_at_the_top_is_handed_over(text: str) -> None:
    taken: list[Node] = []
    node, _ = parse(Source("spec.yaml", text), HandedOver("items", lambda item, *_: taken.append(item)))
    whole, _ = parse(Source("spec.yaml", text))
    assert node is not None
    assert whole is not None
    assert node.plain() == whole.plain()
    assert not taken
