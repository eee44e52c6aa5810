"""Refusals as data: what S3 refuses, what it answers, and where a spec is told so before.

Each `refusals.yaml` under ``cases/<aspect>/`` is a list of cases:

    name, source (where the fact comes from), api (S3's error code, or `none` where S3 accepts it),
    spec (the aspect's value; for `bucket` the whole bucket), beside (other fields of the bucket),
    refused [[code, path in the aspect]] (empty: a near miss that must be accepted)

Warnings are listed like errors: the code says which it is. Codes that begin with RCL11 are about the form of
a spec; they are told by the loader for every field alike.
"""

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.bucket import CODES, BucketSpec
from reconciler.nodes import Source
from reconciler.planning.storage import path_text
from reconciler.problems import Code, Severity
from reconciler.specs.catalogue import catalogue
from reconciler.specs.wording import in_words
from reconciler.strict_yaml import parse
from tests.aspects.case_files import cases_in
from tests.aspects.strategies import BUCKET

FIELDS = {"name", "source", "api", "spec", "refused"}
OPTIONAL = {"beside"}
OF_LIVE_DOCUMENTS = {"RCL2103", "RCL2410"}
"""Codes of remarks on what is live, which no spec can earn."""


def cases() -> list[Any]:
    return [
        pytest.param(file.aspect, case, id=f"{file.aspect}: {case['name']}") for file, case in cases_in(refusals=True)
    ]


def found_in(written: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Codes and paths from the bucket: of the form where that is wrong, else of what S3 would refuse."""
    try:
        spec = BucketSpec.model_validate(written)
    except ValidationError as error:
        node, _ = parse(Source("spec.yaml", "{}"))
        assert node is not None
        return [
            (in_words(mistake["type"], (), mistake, node).code, tuple(str(part) for part in mistake["loc"]))
            for mistake in error.errors(include_url=False)
        ]
    return [(refusal.code.code, tuple(str(part) for part in refusal.path)) for refusal in spec.refusals()]


@pytest.mark.parametrize(("aspect", "case"), cases())
def test_refusal(aspect: str, case: dict[str, Any]) -> None:
    assert case.keys() >= FIELDS, "a case needs a source and what S3 answers"
    assert case.keys() <= FIELDS | OPTIONAL, "a case has a field that nobody looks at"
    of_bucket = aspect == "bucket"
    beside = {"name": BUCKET, "region": "us-east-1", **case.get("beside", {})}
    written = case["spec"] if of_bucket else beside | {aspect: case["spec"]}
    found = [
        (code, path_text(path if of_bucket else path[1:] if path[0] == aspect else path))
        for code, path in found_in(written)
    ]
    assert found == [(code, path) for code, path in case["refused"]]


@pytest.mark.parametrize(("aspect", "case"), cases())
def test_the_explanation_names_what_s3_answers(aspect: str, case: dict[str, Any]) -> None:
    codes = [catalogue()[code] for code, _ in case["refused"]]
    errors = [code for code in codes if code.severity is Severity.ERROR]
    if case["api"] == "none":  # a warning, or a rule of this tool alone
        return
    assert errors, "what S3 refuses is an error here"
    for code in errors:
        if not code.code.startswith("RCL11"):
            assert case["api"] in code.explanation, f"{code.code} does not name {case['api']}"


def all_codes() -> list[Code]:
    return [*CODES, *(code for kind in BucketSpec.aspects().values() for code in kind.codes)]


def test_codes_are_unique_and_explained() -> None:
    codes = all_codes()
    assert len({code.code for code in codes}) == len(codes)
    assert all(code.title and len(code.explanation) > 40 for code in codes)


def test_every_code_has_a_case() -> None:
    shown = {code for _, case in cases_in(refusals=True) for code, _ in case["refused"]}
    assert {code.code for code in all_codes()} - OF_LIVE_DOCUMENTS <= shown
