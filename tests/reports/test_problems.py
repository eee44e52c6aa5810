"""Problems as people read them, and that nothing in a spec can play with the terminal."""

import pytest

from reconciler.problems import Place, Problem, Severity
from reconciler.reports.problems import problems_document, render_problems
from reconciler.reports.style import Style

UNKNOWN = Problem(
    "RCL1101",
    "unknown field `lifecyle`",
    Place("specs/lake.yaml", 10, 5, 13),
    "did you mean `lifecycle`?",
    lines=("    tags: {Owner: data-eng}", "    lifecyle:"),
)
WARNING = Problem(
    "RCL2509", "5 days are billed as 30", Place("specs/b.yaml", 3, 9, 14), None, Severity.WARNING, ("        steps: x",)
)
NOWHERE = Problem("RCL1301", "`nope` cannot be read", None, "name a spec file")


def test_the_style_of_ruff() -> None:
    assert render_problems([NOWHERE, UNKNOWN, WARNING], Style()) == (
        "error[RCL1301]: `nope` cannot be read\n"
        "  = help: name a spec file\n"
        "\n"
        "error[RCL1101]: unknown field `lifecyle`\n"
        "  --> specs/lake.yaml:10:5\n"
        "   |\n"
        " 9 |     tags: {Owner: data-eng}\n"
        "10 |     lifecyle:\n"
        "   |     ^^^^^^^^ did you mean `lifecycle`?\n"
        "\n"
        "warning[RCL2509]: 5 days are billed as 30\n"
        " --> specs/b.yaml:3:9\n"
        "  |\n"
        "3 |         steps: x\n"
        "  |         ^^^^^\n"
        "\n"
        "2 errors, 1 warning in 2 files\n"
    )


def test_a_problem_without_place_or_help_and_one_without_lines() -> None:
    assert render_problems([Problem("RCL1301", "gone")], Style()) == "error[RCL1301]: gone\n\n1 error\n"
    placed = Problem("RCL1003", "too large", Place("a.yaml", 1, 1, 2), "make it smaller")
    assert render_problems([placed, Problem("RCL1301", "x", Place("a.yaml", 1, 1, 2))], Style()) == (
        "error[RCL1003]: too large\n --> a.yaml:1:1\n  = help: make it smaller\n\n"
        "error[RCL1301]: x\n --> a.yaml:1:1\n\n2 errors in 1 file\n"
    )


def test_long_help_stands_below() -> None:
    problem = Problem("RCL1101", "x", Place("a.yaml", 1, 1, 4), "allowed here: " + "name, " * 20, lines=("foo: 1",))
    assert "  | ^^^\n  = help: allowed here: name," in render_problems([problem], Style())


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("start", [0, 10, 100, 250, 495])
@pytest.mark.parametrize("length", [1, 5, 300])
def test_a_long_line_is_clipped_around_the_caret(width: int, start: int, length: int) -> None:
    line = ("0123456789" * 50)[:start] + "X" * min(length, 500 - start) + ("0123456789" * 50)[start + length :]
    place = Place("a.yaml", 2, start + 1, start + 1 + min(length, 500 - start))
    shown = render_problems([Problem("RCL1101", "x", place, lines=("context", line))], Style(width=width)).splitlines()
    caret = next(text for text in shown if "^" in text)
    written = shown[shown.index(caret) - 1]
    assert len(written) <= width
    assert len(caret) <= width
    for position, sign in enumerate(caret):
        if sign == "^" and position < len(written):
            assert written[position] in "X…"


def test_tabs_and_wide_signs_do_not_move_the_caret() -> None:
    line = "\tk: {名前: x}"
    problem = Problem("RCL1101", "x", Place("a.yaml", 1, 6, 8), lines=(line,))
    *_, written, caret, _, _ = render_problems([problem], Style()).splitlines()
    assert written == "1 |     k: {名前: x}"
    assert caret == "  |         ^^^^"


HOSTILE = "a\x1b[2Jb\x07\x7f\x9b\u202e\u2066\u200f\u061c\u2028\udcff"


def test_nothing_that_is_shown_moves_the_cursor() -> None:
    problem = Problem("RCL1101", HOSTILE, Place(HOSTILE, 1, 1, 9), HOSTILE, lines=(HOSTILE, HOSTILE))
    shown = render_problems([problem], Style())
    assert all(sign == "\n" or sign.isprintable() for sign in shown)
    assert "\\x1b[2J" in shown
    assert "\\u202e" in shown


def test_an_endless_message_ends() -> None:
    problem = Problem("RCL1101", "k" * 10_000, Place("a.yaml", 1, 1, 9), "h" * 10_000)
    assert len(render_problems([problem], Style())) < 1200


def test_colours_and_a_terminal_without_them() -> None:
    coloured = render_problems([UNKNOWN, WARNING], Style(color=True))
    assert "\x1b[31m" in coloured
    assert "\x1b[33m" in coloured
    plain = render_problems([Problem("RCL1101", "→ x", None, "“y”")], Style(unicode=False))
    assert plain.isascii()


def test_as_data() -> None:
    assert problems_document([UNKNOWN, NOWHERE]) == [
        {
            "code": "RCL1101",
            "severity": "error",
            "message": "unknown field `lifecyle`",
            "help": "did you mean `lifecycle`?",
            "file": "specs/lake.yaml",
            "line": 10,
            "column": 5,
            "end_column": 13,
        },
        {
            "code": "RCL1301",
            "severity": "error",
            "message": "`nope` cannot be read",
            "help": "name a spec file",
            "file": None,
            "line": None,
            "column": None,
            "end_column": None,
        },
    ]
