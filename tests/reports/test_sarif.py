"""SARIF, held against the published schema."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft4Validator, FormatChecker

from reconciler.problems import Place, Problem
from reconciler.reports.findings import guardrail
from reconciler.reports.review import Review, remarks
from reconciler.reports.sarif import message, render
from tests.reports.reviews import many, reviews, something_of_every_kind, specs_that_are_not

SCHEMA = Draft4Validator(
    json.loads((Path(__file__).parent / "schemas/sarif-2.1.0-rtm.5.json").read_text()), format_checker=FormatChecker()
)


def run(review: Review) -> dict[str, Any]:
    [found] = json.loads(render(review))["runs"]
    return dict(found)


def marks(review: Review) -> list[str]:
    return [result["partialFingerprints"]["reconcile/v1"] for result in run(review)["results"]]


@given(review=reviews())
def test_any_check_is_valid_and_each_result_has_its_rule_and_a_mark_of_its_own(review: Review) -> None:
    log = json.loads(render(review))
    assert next(SCHEMA.iter_errors(log), None) is None
    [found] = log["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in found["results"])
    assert len(set(marks(review))) == len(found["results"]) == len(list(remarks(review)))


def test_a_mark_stays_when_the_line_moves() -> None:
    moved = tuple(
        problem._replace(place=problem.place and problem.place._replace(line=99))
        for problem in specs_that_are_not().problems
    )
    assert marks(Review(None, moved)) == marks(specs_that_are_not())


def test_what_is_waived_is_suppressed_and_only_that() -> None:
    results = run(something_of_every_kind())["results"]
    [waived] = [result for result in results if "suppressions" in result]
    assert waived["ruleId"] == "PUB-04"
    assert waived["suppressions"][0]["justification"].startswith("the partner moves in May")


def test_a_guardrail_brings_its_help_and_its_weight() -> None:
    known = guardrail("PUB-01")
    assert known is not None
    rules = {rule["id"]: rule for rule in run(something_of_every_kind())["tool"]["driver"]["rules"]}
    assert known.mend in rules["PUB-01"]["help"]["markdown"]
    assert float(rules["PUB-01"]["properties"]["security-severity"]) >= 7
    assert "properties" not in rules["ACME-1"]


@pytest.mark.parametrize("code", ["PUB-99", "ACME-1", "pub-01", "../x", "PUB-01\n", ""])
def test_what_is_none_of_our_rules_is_not_looked_for(code: str) -> None:
    assert guardrail(code) is None


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        ("specs/a b.yaml", {"uri": "specs/a%20b.yaml", "uriBaseId": "%SRCROOT%"}),
        ("c:x", {"uri": "c%3Ax", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/x", {"uri": "file:///tmp/x"}),
    ],
)
def test_a_file_is_told_as_a_uri(file: str, artifact: dict[str, str]) -> None:
    [result] = run(Review(None, (Problem("RCL1", "x", Place(file, 1, 1, 1)),)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_a_text_is_neither_a_link_nor_a_placeholder() -> None:
    assert message("[here](https://example.com) {0} {name}") == "[here] (https://example.com) { 0} {name}"


def test_many_results_share_a_rule() -> None:
    assert len(run(many())["tool"]["driver"]["rules"]) < 3 < len(run(many())["results"])
