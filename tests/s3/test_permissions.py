"""The least permissions: what is printed is what the calls of a plan and of an apply need."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.permissions import permissions
from tests.s3.faults import operation_of
from tests.s3.lakes import EVERY_ASPECT
from tests.s3.world import World

ACTION = {
    "ListBuckets": "s3:ListAllMyBuckets",
    "HeadBucket": "s3:ListBucket",
    "CreateBucket": "s3:CreateBucket",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "PutBucketVersioning": "s3:PutBucketVersioning",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "PutBucketPolicy": "s3:PutBucketPolicy",
    "DeleteBucketPolicy": "s3:DeleteBucketPolicy",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "GetBucketTagging": "s3:GetBucketTagging",
    "PutBucketTagging": "s3:PutBucketTagging",
    "DeleteBucketTagging": "s3:PutBucketTagging",
    "GetBucketAcl": "s3:GetBucketAcl",
    "GetBucketOwnershipControls": "s3:GetBucketOwnershipControls",
    "PutBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
}
"""The IAM action of each operation (Service Authorization Reference, "Actions for Amazon S3"). STS needs none."""

OF_ACCOUNTS = {"s3:GetAccountPublicAccessBlock"}
"""For what only AWS has."""
GONE = {name: "absent" for name in EVERY_ASPECT if name in BucketSpec.aspects() and name != "versioning"}
CHANGED: dict[str, Any] = {"tags": {"Owner": "other"}, "encryption": "aws:kms", "policy": "absent"}


def spec(**changes: Any) -> BucketSpec:
    return BucketSpec.model_validate(EVERY_ASPECT | changes)


def allowed(policy: dict[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]} - OF_ACCOUNTS


def needed(world: World) -> set[str]:
    made = {operation_of(request) for request in world.faults.requests} - {"GetCallerIdentity"}
    return {ACTION[operation] for operation in made}


def test_a_plan_needs_what_is_printed_and_nothing_else(world: World) -> None:
    world.set_up(EVERY_ASPECT)
    world.plan(EVERY_ASPECT)
    world.plan(EVERY_ASPECT | {"ownership_controls": "ObjectWriter"})  # ACLs are only read where they count
    world.plan({"name": "not-there"})
    assert needed(world) == allowed(permissions([spec()], writing=False))


def test_an_apply_needs_what_is_printed_and_nothing_else(world: World) -> None:
    world.make(EVERY_ASPECT)
    world.make(EVERY_ASPECT | CHANGED | {"versioning": "Suspended"})
    world.make(EVERY_ASPECT)
    world.make(EVERY_ASPECT | GONE | {"versioning": "Suspended"})
    travelling = {"s3:TagResource"}  # CreateBucket with tags needs it as well
    if "ownership_controls" in BucketSpec.aspects():
        travelling.add("s3:PutBucketOwnershipControls")
    assert needed(world) | travelling == allowed(permissions([spec()], writing=True))


def test_reading_never_needs_what_writes() -> None:
    words = [action.partition(":")[2] for action in allowed(permissions(None, writing=False))]
    assert all(word.startswith(("Get", "List")) for word in words)


def test_only_declared_aspects_are_in_it() -> None:
    one = BucketSpec.model_validate({"name": "lake-one", "versioning": "Enabled"})
    assert allowed(permissions([one], writing=False)) == {
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:GetBucketVersioning",
    }


def statements(policy: dict[str, Any]) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in policy["Statement"]}


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), (None, "aws")],
)
def test_it_names_the_buckets_and_the_manifests(region: str | None, partition: str) -> None:
    one = spec(region=region, manifest={"key": "about.yaml"})
    two = spec(name="lake-two", manifest="absent")
    three = BucketSpec(name="lake-three")
    by_sid = statements(permissions([one, two, three], writing=True))
    assert by_sid["FindBuckets"]["Resource"] == "*"
    assert by_sid["Buckets"]["Resource"] == [
        f"arn:{partition}:s3:::lake-one",
        "arn:aws:s3:::lake-two",
    ]
    assert by_sid["Buckets2"]["Resource"] == ["arn:aws:s3:::lake-three"], "which declares nothing to be read"
    assert by_sid["Buckets2"]["Action"] == ["s3:CreateBucket", "s3:ListBucket", "s3:TagResource"]
    assert by_sid["Manifests"]["Resource"] == [
        f"arn:{partition}:s3:::lake-one/about.yaml",
        "arn:aws:s3:::lake-two/metadata/bucket-manifest.yaml",
    ]


def test_without_specs_it_is_about_every_bucket_and_aspect() -> None:
    policy = permissions(None, writing=True)
    assert statements(policy)["Buckets"]["Resource"] == ["arn:aws:s3:::*"]
    assert statements(policy)["Manifests"]["Resource"] == ["arn:aws:s3:::*/metadata/bucket-manifest.yaml"]
    rows = [aspect.api for aspect in BucketSpec.aspects().values()]
    assert {action for row in rows for action in row.to_read + row.to_write} <= allowed(policy)


def test_without_a_manifest_no_object_is_in_it() -> None:
    assert "Manifests" not in statements(permissions([BucketSpec(name="lake-one")], writing=True))
