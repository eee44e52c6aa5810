"""A policy that denies the calls that are still to be made: each call is made while it is let."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.calls import Effect
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.order import Step, drops_shield, lane
from reconciler.planning.planner import plan_bucket
from tests.aspects.strategies import BUCKET
from tests.s3.converging import buckets, specs

ACCOUNT = "123456789012"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/ann"
KINDS = BucketSpec.aspects()
SWITCHES = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
CLOSED = dict.fromkeys(SWITCHES, True)


def deny(*actions: str, **statement: Any) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    usual = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [usual | statement]}


PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}


def plan_of(live: Mapping[str, Any] | None, **written: Any) -> Plan:
    """A plan for a bucket that holds these documents, or for a new one."""
    spec = BucketSpec.model_validate({"name": BUCKET, "region": "us-east-1", "confirm_lock_out": BUCKET, **written})
    aspects = {name: KINDS[name].model_validate(value) for name, value in (live or {}).items()}
    there = LiveBucket(BUCKET, Existence.MISSING if live is None else Existence.EXISTS, "us-east-1", aspects=aspects)
    return plan_bucket(spec, there, Identity(ACCOUNT, None, "us-east-1", caller=CALLER), Origin("s.yaml", 1))


def steps(live: Mapping[str, Any] | None, **written: Any) -> list[str]:
    """The lane in words: the aspect and what its call does."""
    found = lane(plan_of(live, **written))
    return [name if is_neutral else f"{name} {effect}" for name, effect, is_neutral in map(in_words, found)]


def in_words(step: Step) -> tuple[str, str, bool]:
    return step.change.aspect, step.call.effect.value, step.call.effect is Effect.NEUTRAL


RULES = {"rules": [{"id": "a", "expiration": {"days": 1}}]}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (deny("s3:PutObject"), ["tags", "lifecycle", "manifest", "versioning loosen", "policy"]),
        (deny("s3:PutBucketTagging"), ["tags", "lifecycle", "manifest", "versioning loosen", "policy"]),
        (deny("s3:GetBucketVersioning"), ["tags", "lifecycle", "manifest", "versioning loosen", "policy"]),
        (deny("s3:*BucketPolicy"), ["tags", "lifecycle", "manifest", "versioning loosen", "policy"]),
        (deny("s3:*", NotResource=f"arn:aws:s3:::{BUCKET}/raw/*", Resource=None), None),
        (deny("s3:*", Condition={"StringNotEquals": {"aws:SourceVpce": "v"}}), None),
        (deny("s3:*", Principal={"AWS": CALLER}), None),
        (deny("s3:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}), "usual"),
        (deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}), "usual"),
        (deny("s3:*", Condition={"ArnNotEquals": {"aws:PrincipalArn": CALLER}}), "usual"),
        (deny("s3:DeleteBucket", "s3:ListBucket"), "usual"),
    ],
)
def test_a_policy_that_denies_configuration_calls_goes_last_of_all(policy: dict[str, Any], expected: Any) -> None:
    written = {"versioning": "Suspended", "lifecycle": RULES, "tags": {"a": "b"}, "manifest": {"purpose": "x"}}
    found = steps({"versioning": {"status": "Enabled", "mfa_delete": "Disabled"}}, policy=policy, **written)
    if expected == "usual":
        assert found.index("policy") < found.index("manifest")
        assert found[-1] == "versioning loosen"
    else:
        assert found[-1] == "policy"
        assert sorted(found[:-1]) == sorted(["tags", "lifecycle", "manifest", "versioning loosen"])


def test_it_goes_last_in_a_new_bucket_too() -> None:
    found = steps(None, policy=deny("s3:Put*"), tags={"a": "b"}, versioning="Enabled")
    assert found[0] == "bucket"
    assert found[-1] == "policy"


def test_a_shield_drops_only_after_it() -> None:
    """With the old policy still there, what the shield masked would show."""
    live = {"public_access_block": CLOSED, "policy": {"Version": "2012-10-17", "Statement": [PUBLIC]}}
    opened = {"restrict_public_buckets": False, "block_public_policy": False}
    found = steps(live, public_access_block=opened, policy=deny("s3:PutBucketPublicAccessBlock"), tags={"a": "b"})
    assert found == ["public_access_block", "tags", "policy", "public_access_block loosen"]


def test_what_the_old_policy_denies_waits_for_the_new_one() -> None:
    live = {"policy": deny("s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning")}
    written = {
        "public_access_block": CLOSED,
        "tags": {"a": "b"},
        "versioning": "Enabled",
        "ownership_controls": "BucketOwnerEnforced",
    }
    found = steps(live, policy=deny("s3:DeleteBucket"), **written)
    assert found[:3] == ["ownership_controls tighten", "tags", "policy"]
    assert sorted(found[3:]) == ["public_access_block tighten", "versioning tighten"]
    gone = steps(live, policy="absent", **written)
    assert gone == found


def test_what_both_deny_stays_where_it_was() -> None:
    live = {"policy": deny("s3:PutBucketTagging", "s3:PutBucketVersioning")}
    found = steps(live, policy=deny("s3:PutBucketVersioning"), versioning="Enabled", tags={"a": "b"}, lifecycle=RULES)
    assert found == ["versioning tighten", "lifecycle", "policy", "tags"]


def test_nothing_that_tightens_waits_for_a_public_policy() -> None:
    live = {"policy": deny("s3:PutBucketPublicAccessBlock")}
    public = {"Version": "2012-10-17", "Statement": [PUBLIC]}
    found = steps(live, policy=public, public_access_block={"restrict_public_buckets": True})
    assert found == ["public_access_block tighten", "policy"]


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────

shut = st.frozensets(st.sampled_from(sorted(KINDS)))


@given(spec=specs(), live=buckets(), before=shut, after=shut)
def test_no_call_is_lost_and_none_is_made_where_it_would_expose(
    spec: BucketSpec, live: Mapping[str, Aspect] | None, before: frozenset[str], after: frozenset[str]
) -> None:
    there = LiveBucket(BUCKET, Existence.MISSING if live is None else Existence.EXISTS, "us-east-1", aspects=live or {})
    meant = spec.model_copy(update={"confirm_lock_out": BUCKET})
    plan = plan_bucket(meant, there, Identity(ACCOUNT, None, "us-east-1", caller=CALLER), Origin("s.yaml", 1))
    usual = lane(replace(plan, shut_before=frozenset(), shut_after=frozenset()))
    found = lane(replace(plan, shut_before=before, shut_after=after))
    assert sorted(map(id_of, found)) == sorted(map(id_of, usual))
    names = [step.change.aspect for step in found]
    if plan.exists is False:
        assert names[0] == "bucket"
    for name in set(names):  # the calls of one aspect keep their order
        assert [step.call for step in found if step.change.aspect == name] == [
            step.call for step in usual if step.change.aspect == name
        ]
    if "policy" not in names:
        assert found == usual
        return
    turn = names.index("policy")
    assert not any(drops_shield(step) for step in found[:turn])
    if after:
        assert all(drops_shield(step) or step.change.aspect in before - after for step in found[turn + 1 :])


def id_of(step: Step) -> tuple[str, str, str]:
    return step.change.aspect, step.call.operation, step.call.effect.value
