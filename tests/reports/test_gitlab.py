"""What GitLab takes."""

import json
from pathlib import Path

from hypothesis import given
from jsonschema import Draft7Validator

from reconciler.reports import gitlab_counts, gitlab_quality
from reconciler.reports.review import Review, remarks
from tests.reports.reviews import every, many, reviews, specs_that_are_not

SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "schemas/gitlab-codequality.json").read_text()))


@given(
    review=reviews().filter(lambda review: all(remark.place is None or remark.place.file for remark in remarks(review)))
)
def test_any_check_is_a_code_quality_report_whose_fingerprints_are_its_own(review: Review) -> None:
    found = json.loads(gitlab_quality.render(review))
    SCHEMA.validate(found)
    assert len({entry["fingerprint"] for entry in found}) == len(found) == len(list(remarks(review)))


def test_the_weights_are_those_of_gitlab() -> None:
    weights = {one["severity"] for review in every() for one in json.loads(gitlab_quality.render(review))}
    assert weights == {"info", "minor", "major", "critical", "blocker"}


def test_three_numbers_tell_of_the_buckets() -> None:
    assert json.loads(gitlab_counts.render(many())) == {"create": 0, "update": 300, "delete": 0}
    assert json.loads(gitlab_counts.render(specs_that_are_not())) == {"create": 0, "update": 0, "delete": 0}
