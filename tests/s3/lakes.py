"""A lake that says something about every aspect, and what it takes to read it."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from tests.s3.world import World

LAKE: dict[str, Any] = {"name": "lake-one", "region": "us-east-1"}
"""A bucket about which nothing is said."""
EVERY_ASPECT: dict[str, Any] = {
    "name": "lake-one",
    "region": "us-east-1",
    "versioning": "Enabled",
    "encryption": "AES256",
    "public_access_block": {"block_public_acls": True},
    "policy": {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lake-one/*"},
    },
    "lifecycle": {"rules": [{"id": "old", "expiration": {"days": 30}}]},
    "tags": {"Owner": "data"},
    "manifest": {"purpose": "A lake"},
}
EVERY_ASPECT |= {"ownership_controls": "BucketOwnerEnforced"} if "ownership_controls" in BucketSpec.aspects() else {}
READS_OF_ASPECTS = {
    "versioning": "GetBucketVersioning",
    "encryption": "GetBucketEncryption",
    "public_access_block": "GetPublicAccessBlock",
    "policy": "GetBucketPolicy",
    "lifecycle": "GetBucketLifecycleConfiguration",
    "tags": "GetBucketTagging",
    "manifest": "GetObject",
    "ownership_controls": "GetBucketOwnershipControls",
}
aspects = pytest.mark.parametrize("aspect", BucketSpec.aspects())


def existing(world: World, name: str = "lake-one") -> None:
    world.s3.create_bucket(Bucket=name)
    world.faults.forget()


def blocked_by(world: World, *aspects: str, **spec: Any) -> tuple[str, str]:
    """Why an aspect is blocked and what to do, with nothing planned for it."""
    chosen = {name: EVERY_ASPECT[name] for name in ("name", "region", *aspects)} | spec
    plan = world.plan(chosen)
    assert plan.action is Action.BLOCKED
    assert plan.changes == ()
    [blocker] = plan.blockers
    assert blocker.aspect == (aspects[0] if aspects else "bucket")
    return blocker.why, blocker.remedy
