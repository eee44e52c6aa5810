"""Policies as specs: what is live can be said, unless AWS cannot name somebody any more."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import assume, given

from reconciler.aspects.aspect import Refusal
from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Change
from reconciler.planning.planner import compare
from reconciler.policy_language.principals import deleted_in
from tests.aspects.strategies import ACCOUNT, BUCKET, LIVE, SPECS
from tests.policy_language.examples import BASE, one

AROUND = BucketSpec(name=BUCKET, region="us-east-1").surroundings(account=ACCOUNT)


def spec_of(policy: Any, **beside: Any) -> BucketSpec:
    return BucketSpec.model_validate({"name": BUCKET, "region": "us-east-1", "policy": policy, **beside})


def errors(refusals: Iterable[Refusal]) -> list[Refusal]:
    return [refusal for refusal in refusals if refusal.severity == "error"]


@given(policy=SPECS["policy"])
def test_what_a_spec_says_is_not_refused(policy: Policy) -> None:
    assert errors(policy.refusals(AROUND)) == []
    assert policy.said_beside() == {}


@given(live=LIVE["policy"])
def test_the_plan_of_what_is_live_is_empty(live: Policy) -> None:
    assume(not list(deleted_in(live.root)))
    spec = spec_of(live.as_spec(AROUND))
    assert errors(spec.refusals()) == []
    assert compare("policy", spec.values()["policy"], live, AROUND) == ()


@given(wanted=SPECS["policy"], live=LIVE["policy"])
def test_a_policy_with_somebody_who_was_deleted_is_never_what_a_spec_says(wanted: Policy, live: Policy) -> None:
    gone = [unique_id for _, unique_id in deleted_in(live.root)]
    assume(gone)
    change = compare("policy", wanted, live, AROUND)
    assert isinstance(change, Change)
    before = [repr(field.before) for field in change.fields]
    assert all(any(unique_id in text for text in before) for unique_id in gone)
    assert [remark.code.code for remark in live.remarks()] == ["RCL2410"] * len(gone)
    with pytest.raises(ValueError, match="were deleted"):
        live.as_spec(AROUND)
    assert "RCL2408" in {refusal.code.code for refusal in live.refusals(AROUND)}


def test_a_character_that_no_policy_can_hold_is_found_beside_anything() -> None:
    condition = {"NumericLessThanEquals": {"s3:max-keys": 10}}
    refusals = spec_of({"Statement": [BASE | {"Condition": condition, "Sid": "a\x01"}]}).refusals()
    found = [refusal for refusal in refusals if "a character that no policy can hold" in refusal.message]
    assert [refusal.path for refusal in found] == [("policy", "Statement", 0, "Sid")]


def test_a_remark_leads_to_the_one_who_was_deleted() -> None:
    statement = BASE | {"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "AROAEXAMPLE"], "Service": "AIDAX"}}
    live = Policy({"Statement": [BASE, statement, "no statement", BASE | {"Principal": {"AWS": 5}}]})
    [remark] = live.remarks()
    assert remark.path == ("Statement", "1", "NotPrincipal", "AWS", 1)
    assert "a new role of the same name does not bring the permission back" in remark.message
    [remark] = Policy({"Statement": BASE | {"Sid": "Read", "Principal": {"AWS": "AIDAEXAMPLE"}}}).remarks()
    assert remark.path == ("Statement", "Read", "Principal", "AWS")


def test_a_live_policy_is_written_in_the_order_in_which_it_is_read() -> None:
    live = Policy({"Id": None, "Statement": {"Condition": {}, "Sid": "", **dict(reversed(BASE.items())), "Odd": 1}})
    assert json.dumps(live.as_spec(AROUND)) == json.dumps({"Statement": [BASE | {"Odd": 1}]})
    assert Policy({"Statement": ["x"]}).as_spec(AROUND) == {"Statement": ["x"]}


def test_the_bucket_vouches_for_what_is_newer_than_the_table() -> None:
    newer = one(
        Resource=[f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        Action=["s3:GetBucketShiny", "s3:GetObject"],
        Condition={"StringEquals": {"s3:Shiny": "x", "aws:Shiny": "y"}},
    )
    live = Policy(newer)
    assert live.said_beside() == {"allow_unknown_actions": ["s3:GetBucketShiny", "s3:Shiny"]}
    assert list(spec_of(live.as_spec(AROUND), **live.said_beside()).refusals()) == []
    odd = {"Statement": ["x", {"Action": [5], "Condition": "x"}, {"Condition": {"Bool": "x"}}]}
    assert Policy(odd).said_beside() == {}


def test_a_policy_of_nothing() -> None:
    assert Policy({}).means_nothing
    assert Policy.from_response({"Policy": "{}"}) is None


def test_account_ids_keep_their_zeros() -> None:
    from reconciler.nodes import Source
    from reconciler.strict_yaml import parse

    node, _ = parse(Source("x", "Statement: [{Principal: {AWS: 012345678901}, Sid: 1.10}]"))
    assert node is not None
    assert Policy.model_validate(node.plain()).root["Statement"] == [
        {"Principal": {"AWS": "012345678901"}, "Sid": "1.10"}
    ]
