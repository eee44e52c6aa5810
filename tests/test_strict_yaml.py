"""The strict reader: what a plain scalar means, what is refused, and where everything stands."""

import gc
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import strict_yaml
from reconciler.problems import Problem
from reconciler.strict_yaml import MOST_PROBLEMS, Node, Source, parse, uncollected

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
        return found.span, parent.keys.get(path[-1], (source, (0, 0, 0)))[1]

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
    import yaml

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
        assert 1 <= problem.place.line <= len(Source("", text).lines)
        assert problem.place.column < problem.place.end_column


@given(PLAIN)
def test_what_json_writes_is_read_as_it_is(value: Any) -> None:
    import json

    node, problems = parse(Source("spec.yaml", json.dumps({"key": value}, ensure_ascii=False)))
    assert not problems
    assert isinstance(node, Node)
    assert node.plain() == {"key": value}
