"""Policies of a size that nobody writes: what is done about them ends soon."""

from dataclasses import replace

import pytest

from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.policy_language import difference
from tests.policy_language.examples import BASE
from tests.reports.plans import live_as, plan, spec_of


def test_a_policy_that_is_no_text_is_none() -> None:
    with pytest.raises(ValueError, match="the policy is not text"):
        Policy.from_s3({"Policy": {"Version": "2012-10-17"}})


def test_far_too_large_a_policy_is_refused_and_not_looked_at_further() -> None:
    statements = [{**BASE, "Sid": f"S{number}", "Action": "s3:NoSuchThing"} for number in range(400)]
    spec = BucketSpec.model_validate({"name": "acme-lake", "policy": {"Statement": statements}})
    assert [refusal.message[:16] for refusal in spec.refusals()] == ["this policy has "]


def test_so_many_statements_are_not_laid_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = {"a": BASE}, {"b": BASE | {"Action": "s3:PutObject"}}
    assert difference.counterparts(before, after) == {"a": "b"}
    monkeypatch.setattr(difference, "MOST_PAIRS", 0)
    assert difference.counterparts(before, after) == {}


def test_far_too_long_a_name_is_the_only_thing_that_is_told() -> None:
    spec = BucketSpec.model_validate({"name": "a" * 300, "policy": {"Statement": []}})
    assert {refusal.path for refusal in spec.refusals()} == {("name",)}


def test_a_key_that_kms_has_named_is_no_finding() -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    text = "{name: acme-lake, region: us-east-1, encryption: {sse_algorithm: aws:kms, kms_master_key_id: %s}}"
    live = live_as(spec_of(text % arn))
    assert [found.code for found in plan(text % "alias/lake", live).findings] == ["RCL3002"]
    assert plan(text % "alias/lake", replace(live, keys={"alias/lake": arn})).findings == ()
