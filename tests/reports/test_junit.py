"""JUnit's XML: any parser reads it, and it holds what its readers know."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given

from reconciler.reports.junit import fails, render
from reconciler.reports.review import Review, remarks
from tests.reports.reviews import many, nothing, reviews, something_of_every_kind, specs_that_are_in_order

RULES = json.loads((Path(__file__).parent / "schemas/junit.json").read_text())


def check(element: ET.Element) -> None:
    """Fail for an element or attribute that stands where none may."""
    rule = RULES[element.tag]
    assert set(rule["required"]) <= set(element.attrib) <= set(rule["attributes"])
    for inside in element:
        assert inside.tag in rule["holds"]
        check(inside)


@given(review=reviews())
def test_any_check_is_xml_that_counts_right(review: Review) -> None:
    root = ET.fromstring(render(review).encode())
    check(root)
    cases = root.findall("testsuite/testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert (int(root.attrib["tests"]), int(root.attrib["failures"])) == (len(cases), len(failed))
    assert bool(failed) == any(map(fails, remarks(review)))
    assert all(len(case.findall("failure")) <= 1 for case in cases)


def test_a_bucket_is_a_case_of_its_file() -> None:
    root = ET.fromstring(render(many()))
    assert [suite.attrib["name"] for suite in root] == ["specs/lake.yaml"]
    assert len(root[0]) == 300
    assert root.attrib["failures"] == "0"


def test_what_warns_has_passed() -> None:
    case = ET.fromstring(render(something_of_every_kind())).findall("testsuite/testcase")[-1]
    failure, output = case.findtext("failure", ""), case.findtext("system-out", "")
    assert failure.count("error[PUB-01]") == 2
    assert "warning[ACME-1]" in output
    assert "waived[PUB-04]" in output


def test_where_nothing_is_wrong_there_still_is_a_case() -> None:
    for review in (nothing(), specs_that_are_in_order()):
        assert ET.fromstring(render(review)).attrib["tests"] == "1"
