"""Who must be able to undo a policy, and the word that somebody may not: how a spec says it."""

import pytest

from tests.specs.reading import load_bucket, problems_in

POLICY = """
    policy:
      Version: "2012-10-17"
      Statement:
        Effect: Deny
        Principal: "*"
        Action: s3:DeleteBucket
        Resource: "arn:aws:s3:::${bucket}"
"""


@pytest.mark.parametrize("written", ["${bucket}", "${lake}", "acme-${what}"])
def test_a_confirmation_is_typed_out(written: str) -> None:
    text = f"variables: {{lake: acme-lake, what: lake}}\nbuckets:\n  - name: acme-lake{POLICY}    confirm_lock_out: "
    assert problems_in(f'{text}"{written}"\n')[0].split()[1] == "RCL1322"
    assert load_bucket(f"{text}acme-lake\n")["confirm_lock_out"] == "acme-lake"


def test_one_mistake_is_told_once() -> None:
    text = f"buckets:\n  - name: [acme-lake]{POLICY}    confirm_lock_out: acme-lake\n"
    assert [problem.split()[1] for problem in problems_in(text)] == ["RCL1105"]


def test_principals_may_be_among_the_defaults_and_hold_variables() -> None:
    defaults = 'defaults: {keep_access: ["arn:${partition}:iam::${account_id}:role/deploy"]}\n'
    bucket = load_bucket(f"{defaults}buckets:\n  - name: acme-lake{POLICY}")
    assert bucket["keep_access"] == ["arn:${partition}:iam::${account_id}:role/deploy"]


def test_a_principal_that_is_none_is_shown_at_its_place() -> None:
    [problem] = problems_in(f"buckets:\n  - name: acme-lake{POLICY}    keep_access: [deploy]\n")
    assert "RCL2021" in problem
    assert "10:19" in problem
