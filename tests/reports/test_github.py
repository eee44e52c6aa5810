"""Annotations of GitHub: what its runner makes of them."""

import re

from hypothesis import given

from reconciler.reports.github import MOST, render
from reconciler.reports.review import Review, remarks
from tests.hostile import does_something
from tests.reports.reviews import hostile, many, nothing, reviews, something_in_the_way, something_of_every_kind

COMMAND = re.compile(r"::(error|warning|notice) ([^:\r\n]*)::([^\r\n]*)\Z")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner reads (actions/runner, ActionCommand.TryParseV2). Fails for a line that is something else."""
    found = []
    for line in text.split("\n")[:-1]:
        command = COMMAND.match(line)
        if command is None:
            assert does_something(line) is None, line
            continue
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        found.append((command[1], properties, command[3]))
    return found


@given(review=reviews())
def test_each_remark_is_one_command_and_nothing_in_it_begins_another(review: Review) -> None:
    text = render(review)
    assert len(commands(text)) == len(list(remarks(review)))
    assert all(set(properties) <= {"title", "file", "line", "col", "endColumn"} for _, properties, _ in commands(text))
    assert "##[" not in text
    assert all(sign.isprintable() for sign in text.replace("\n", ""))


def test_of_each_kind_there_are_ten_at_most_and_a_line_counts_the_rest() -> None:
    text = render(many())
    assert [kind for kind, _, _ in commands(text)] == ["warning"] * MOST
    assert text.endswith("\n290 more warnings: the log and the summary show them all\n")
    assert "\n74 more errors: " in render(hostile())


def test_what_is_in_the_way_comes_first_and_what_is_risky_before_what_rules_advise() -> None:
    assert "title=blocked" in render(something_in_the_way()).splitlines()[0]
    titles = [properties["title"] for kind, properties, _ in commands(render(something_of_every_kind()))]
    warnings = [title for title in titles if "ACME-1" in title or "can lose data" in title]
    assert "can lose data" in warnings[0]
    assert render(nothing()) == ""


def test_what_is_waived_is_a_notice_with_its_reason() -> None:
    [(_, _, data)] = [one for one in commands(render(something_of_every_kind())) if one[0] == "notice"]
    assert data.endswith("%0Awaived by data-platform: the partner moves in May")
