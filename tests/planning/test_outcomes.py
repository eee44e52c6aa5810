"""After the plan: outcomes, and the permissions that plans and applies need."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.planning.permissions import permissions
from reconciler.planning.planner import plan_bucket

KINDS = BucketSpec.aspects()


def plan_of(written: dict[str, Any], **live: Any) -> Plan:
    spec = BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1", **written})
    found = LiveBucket("acme-lake", Existence.EXISTS, "us-east-1", aspects=live)
    return plan_bucket(spec, found, Identity("123456789012", None, None), Origin("s.yaml", 1))


def applied(*results: Result, blocked: bool = False, interrupted: bool = False) -> Applied:
    live = {"policy": Unreadable("why", "remedy")} if blocked else {}
    plan = plan_of({"tags": {"a": "b"}, **({"policy": "absent"} if blocked else {})}, **live)
    outcomes = tuple(Outcome(plan.changes[0], result) for result in results)
    return Applied((BucketOutcome(plan, outcomes),), interrupted)


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (Applied(()), ExitCode.FINE),
        (applied(Result.APPLIED, Result.APPLIED), ExitCode.FINE),
        (applied(Result.APPLIED, Result.FAILED, Result.SKIPPED), ExitCode.PARTLY_APPLIED),
        (applied(Result.UNVERIFIED), ExitCode.PARTLY_APPLIED),
        (applied(Result.FAILED), ExitCode.ERROR),
        (applied(Result.APPLIED, blocked=True), ExitCode.PARTLY_APPLIED),
        (applied(Result.APPLIED, interrupted=True), ExitCode.INTERRUPTED),
    ],
)
def test_how_an_apply_ends(run: Applied, code: ExitCode) -> None:
    assert run.exit_code is code


def test_outcomes_are_counted() -> None:
    run = applied(Result.APPLIED, Result.FAILED, Result.SKIPPED, Result.SKIPPED)
    assert [run.count(result) for result in Result] == [1, 0, 1, 2]


def by_sid(policy: dict[str, Any]) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_permissions_for_everything() -> None:
    reading, writing = by_sid(permissions(None, writing=False)), by_sid(permissions(None, writing=True))
    for kind in KINDS.values():
        where = "Manifests" if kind.api.of_object else "Buckets"
        assert set(kind.api.to_read) <= set(reading[where]["Action"])
        assert set(kind.api.to_read + kind.api.to_write) <= set(writing[where]["Action"])
    changing = ("s3:Put", "s3:Create", "s3:Delete", "s3:Tag")
    for statement in reading.values():
        assert not [action for action in statement["Action"] if action.startswith(changing)]


def test_permissions_for_these_specs() -> None:
    tagged = BucketSpec.model_validate({"name": "acme-lake", "region": "cn-north-1", "tags": {"a": "b"}})
    found = by_sid(permissions([tagged], writing=True))
    assert "Manifests" not in found
    assert found["Buckets"]["Resource"] == ["arn:aws-cn:s3:::acme-lake"]
    assert "s3:PutBucketTagging" in found["Buckets"]["Action"]
    assert "s3:PutBucketPolicy" not in found["Buckets"]["Action"]


def test_permissions_for_manifests_name_their_keys() -> None:
    described = BucketSpec.model_validate({"name": "acme-lake", "manifest": {"key": "about.yaml"}})
    gone = BucketSpec.model_validate({"name": "acme-old", "manifest": "absent"})
    plain = BucketSpec.model_validate({"name": "acme-new", "tags": {"a": "b"}})
    assert by_sid(permissions([described, gone, plain], writing=False))["Manifests"]["Resource"] == [
        "arn:aws:s3:::acme-lake/about.yaml",
        "arn:aws:s3:::acme-old/metadata/bucket-manifest.yaml",
    ]


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        ("arn:aws:kms:eu-west-1:123456789012:key/abc", "arn:aws:kms:eu-west-1:123456789012:key/abc"),
        ("arn:${partition}:kms:${region}:${account_id}:key/abc", "arn:aws:kms:eu-west-1:*:key/abc"),
        ("abc", "arn:aws:kms:eu-west-1:*:key/abc"),
        ("alias/lake", "arn:aws:kms:eu-west-1:*:key/*"),
        (None, None),
    ],
)
def test_a_manifest_in_a_bucket_with_a_key_needs_the_key(key: str | None, resource: str | None) -> None:
    encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
    written = {"name": "acme-lake", "region": "eu-west-1", "encryption": encryption}
    described = BucketSpec.model_validate(written | {"manifest": {"purpose": "x"}})
    reading = by_sid(permissions([described], writing=False)).get("ManifestKeys")
    writing = by_sid(permissions([described], writing=True)).get("ManifestKeys")
    if resource is None:
        assert reading is writing is None
    else:
        assert reading == {
            "Sid": "ManifestKeys",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [resource],
        }
        assert writing is not None
        assert writing["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert "ManifestKeys" not in by_sid(permissions([BucketSpec.model_validate(written)], writing=True))


def test_permissions_are_a_policy_that_we_would_take() -> None:
    for policy in (permissions(None, writing=False), permissions(None, writing=True)):
        assert all(statement["Action"] for statement in policy["Statement"])
