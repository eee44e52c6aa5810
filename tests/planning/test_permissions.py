"""The IAM policy that a run needs, where roles of other accounts are assumed."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.permissions import permissions
from reconciler.settings import Lock

ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ANY_KEY = "arn:aws:kms:eu-west-1:*:key/*"


def by_sid(*specs: dict[str, Any], writing: bool = True, lock: Lock | None = None) -> dict[str, Any]:
    found = [BucketSpec.model_validate({"region": "eu-west-1", **spec}) for spec in specs]
    return {one["Sid"]: one for one in permissions(found, writing=writing, lock=lock)["Statement"]}


def test_roles_of_other_accounts_are_assumed() -> None:
    role = "arn:aws:iam::111122223333:role/reconcile"
    statements = permissions(None, writing=False, to_assume=[role])["Statement"]
    assert {"Sid": "OtherAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role]} in statements
    assert "OtherAccounts" not in [one["Sid"] for one in permissions(None, writing=False)["Statement"]]


def test_nobody_may_do_in_a_bucket_what_only_another_one_asks_for() -> None:
    versions = {"versioning": "Enabled"}
    found = by_sid(
        {"name": "acme-a", **versions}, {"name": "acme-b", "tags": {"a": "b"}}, {"name": "acme-c", **versions}
    )
    assert found["Buckets"]["Resource"] == ["arn:aws:s3:::acme-a", "arn:aws:s3:::acme-c"]
    assert found["Buckets2"]["Resource"] == ["arn:aws:s3:::acme-b"]
    assert "s3:PutBucketTagging" not in found["Buckets"]["Action"]
    assert "s3:PutBucketVersioning" not in found["Buckets2"]["Action"]


@pytest.mark.parametrize("key", [ARN, "alias/lake", "1234abcd-12ab-34cd-56ef-1234567890ab"])
def test_aliases_of_keys_are_looked_up(key: str) -> None:
    encryption = {"encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": key}}
    found = by_sid({"name": "acme-a", **encryption}, writing=False)
    assert found["KeyAliases"]["Action"] == ["kms:DescribeKey"]
    assert found["KeyAliases"]["Resource"] == [ANY_KEY], "which one a live alias is for, nobody knows before"
    assert "ManifestKeys" not in found
    with_manifest = by_sid({"name": "acme-a", "manifest": {"purpose": "a lake"}, **encryption})
    assert with_manifest["ManifestKeys"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert with_manifest["ManifestKeys"]["Resource"] == {
        ARN: [ARN], "alias/lake": [ANY_KEY]
    }.get(key, [f"arn:aws:kms:eu-west-1:*:key/{key}"])  # fmt: skip


def test_the_lock_is_for_whoever_writes() -> None:
    lock = Lock(bucket="acme-locks", key="team/lake.lock")
    assert not {"Lock", "LockBucket"} & by_sid(writing=False, lock=lock).keys()
    found = by_sid(lock=lock)
    assert found["Lock"]["Resource"] == ["arn:aws:s3:::acme-locks/team/lake.lock"]
    assert found["Lock"]["Action"] == ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert found["LockBucket"] == {
        "Sid": "LockBucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-locks"]
    }  # fmt: skip
