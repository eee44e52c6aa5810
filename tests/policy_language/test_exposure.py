"""Whether a policy is public: AWS's own examples and more, as data."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.policy_language.exposure import public_statements

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "exposure.yaml").read_text(encoding="utf-8"))
ELEMENTS = {"principal": "Principal", "not_principal": "NotPrincipal", "condition": "Condition"}
PRIVATE = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "arn:aws:s3:::lake"}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_exposure(case: dict[str, Any]) -> None:
    assert case.keys() <= {"name", "source", "effect", "public", *ELEMENTS}, "a case has a field that nobody looks at"
    statement = {"Effect": case.get("effect", "Allow"), "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}
    statement |= {ELEMENTS[name]: case[name] for name in ELEMENTS if name in case}
    alone, beside = {"Statement": statement}, {"Statement": [PRIVATE, "nonsense", statement]}
    assert list(public_statements(alone)) == ([("Statement",)] if case["public"] else [])
    assert list(public_statements(beside)) == ([("Statement", 2)] if case["public"] else [])


def test_a_condition_that_is_none_binds_nobody() -> None:
    statement = PRIVATE | {"Principal": "*", "Condition": {"StringEquals": "x", "Bool": {}}}
    assert list(public_statements({"Statement": statement})) == [("Statement",)]
    empty = PRIVATE | {"Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpc": []}}}
    assert list(public_statements({"Statement": empty})) == [("Statement",)]
