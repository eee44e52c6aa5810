"""The least IAM policy for reading and for writing, made of the aspects' own rows."""

from collections.abc import Sequence
from typing import Any

from reconciler.aspects.encryption import Encryption
from reconciler.bucket import BucketSpec, partition_of

FINDING = ("s3:ListBucket",)
"""To tell an absent bucket from one that may not be seen (HeadBucket), and an absent manifest from a hidden one."""
CREATING = ("s3:CreateBucket", "s3:TagResource")


def permissions(specs: Sequence[BucketSpec] | None, *, writing: bool) -> dict[str, Any]:
    """A policy document for ``plan``, or for ``apply``; for all buckets and aspects where no specs are given."""
    statements = [
        {"Sid": "FindBuckets", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
    ]
    specs = specs if specs is None else [spec.filled(spec.surroundings(account="*", region="*")) for spec in specs]
    names = BucketSpec.aspects().keys() if specs is None else {name for spec in specs for name in spec.declared()}
    rows = [BucketSpec.aspects()[name].api for name in BucketSpec.aspects() if name in names]
    on_buckets: set[str] = set(FINDING)
    on_objects: set[str] = set()
    if writing:
        on_buckets |= set(CREATING)
    for row in rows:
        (on_objects if row.of_object else on_buckets).update(row.to_read + (row.to_write if writing else ()))
    statements.append(statement("Buckets", on_buckets, bucket_arns(specs)))
    if on_objects:
        statements.append(statement("Manifests", on_objects, manifest_arns(specs)))
    keys = sorted({arn for spec in specs or () for arn in key_arns(spec)})
    if keys:
        statements.append(
            statement("ManifestKeys", {"kms:Decrypt", *(("kms:GenerateDataKey",) if writing else ())}, keys)
        )
    return {"Version": "2012-10-17", "Statement": statements}


def statement(sid: str, actions: set[str], resources: list[str]) -> dict[str, Any]:
    """One Allow."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def bucket_arns(specs: Sequence[BucketSpec] | None) -> list[str]:
    """The buckets, each by its name."""
    if specs is None:
        return ["arn:aws:s3:::*"]
    return [f"arn:{partition_of(spec.region)}:s3:::{spec.name}" for spec in specs]


def manifest_arns(specs: Sequence[BucketSpec] | None) -> list[str]:
    """The manifests, each by its key."""
    manifest = BucketSpec.aspects()["manifest"]
    if specs is None:
        return [f"arn:aws:s3:::*/{manifest.get_params(None)['Key']}"]
    arns = zip(bucket_arns(specs), specs, strict=True)
    return [f"{arn}/{manifest.get_params(spec.values().get('manifest'))['Key']}" for arn, spec in arns if spec.manifest]


def key_arns(spec: BucketSpec) -> list[str]:
    """The KMS keys of the team's own that the bucket's manifest is encrypted with.

    An alias says nothing in an IAM policy, so it stands for any key of its account and region. AWS's own
    key ``aws/s3`` needs no permission.
    """
    encryption = spec.encryption
    key = encryption.kms_master_key_id if isinstance(encryption, Encryption) else None
    if key is None or spec.manifest is None:
        return []
    if key.startswith("arn:") and ":key/" in key:
        return [key]
    name = "*" if "alias/" in key else key
    return [f"arn:{partition_of(spec.region)}:kms:{spec.region or '*'}:{spec.account or '*'}:key/{name}"]
