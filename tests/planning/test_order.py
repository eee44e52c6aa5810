from typing import Any

from reconciler.aspects.calls import Effect
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Origin
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.order import EFFECTS, aspect_order, lane
from reconciler.planning.planner import plan_bucket

ALLOW = {"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def steps(written: dict[str, Any], live: LiveBucket) -> list[tuple[str, str, Effect]]:
    spec = BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1", **written})
    plan = plan_bucket(spec, live, Identity("123456789012", None, None), Origin("s.yaml", 1))
    return [(step.change.aspect, step.call.operation, step.call.effect) for step in lane(plan)]


def test_every_aspect_comes_after_those_it_is_applied_after() -> None:
    order = aspect_order()
    assert order[0] == "bucket"
    assert sorted(order[1:]) == sorted(BucketSpec.aspects())
    for name, kind in BucketSpec.aspects().items():
        for earlier in set(kind.apply_after) & set(order):
            assert order.index(earlier) < order.index(name)


def test_the_bucket_comes_first_and_then_what_tightens() -> None:
    written = {
        "manifest": {"purpose": "x"},
        "tags": {"a": "b"},
        "lifecycle": {"rules": [{"id": "a", "expiration": {"days": 1}}]},
        "versioning": "Enabled",
        "public_access_block": {"block_public_acls": True, "block_public_policy": False},
        "policy": {"Statement": [ALLOW]},
    }
    found = steps(written, LiveBucket("acme-lake", Existence.MISSING))
    names = [aspect for aspect, _, _ in found]
    assert names[0] == "bucket"
    assert set(names[1:3]) == {"versioning", "public_access_block"}
    assert names.index("policy") < names.index("manifest")
    assert names[-1] == "manifest"
    effects = [EFFECTS.index(effect) for _, _, effect in found[1:]]
    assert effects == sorted(effects)


def test_a_public_policy_is_written_between_its_gate_and_its_shield() -> None:
    kinds = BucketSpec.aspects()
    every = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    live = LiveBucket(
        "acme-lake",
        Existence.EXISTS,
        "us-east-1",
        aspects={
            "public_access_block": kinds["public_access_block"].from_s3({"PublicAccessBlockConfiguration": every})
        },
    )
    opened = {"block_public_policy": False, "restrict_public_buckets": False}
    found = steps({"public_access_block": opened, "policy": {"Statement": [ALLOW]}}, live)
    assert found == [
        ("public_access_block", "put_public_access_block", Effect.NEUTRAL),
        ("policy", "put_bucket_policy", Effect.NEUTRAL),
        ("public_access_block", "put_public_access_block", Effect.LOOSEN),
    ]


def test_versions_are_kept_until_the_last_moment() -> None:
    versioning = BucketSpec.aspects()["versioning"].from_s3({"Status": "Enabled"})
    live = LiveBucket("acme-lake", Existence.EXISTS, "us-east-1", aspects={"versioning": versioning})
    found = steps({"versioning": "Suspended", "manifest": {"purpose": "x"}, "tags": {"a": "b"}}, live)
    assert [aspect for aspect, _, _ in found] == ["tags", "manifest", "versioning"]
