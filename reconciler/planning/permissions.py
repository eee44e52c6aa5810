"""The least IAM policy for reading and for writing, made of the aspects' own rows."""

from collections.abc import Sequence
from typing import Any

from reconciler.aspects.encryption import Encryption
from reconciler.bucket import BucketSpec, partition_of
from reconciler.planning import lock_out
from reconciler.planning.deleting import TO_DELETE, TO_EMPTY, TO_LOOK, TO_LOOK_AT_OBJECTS
from reconciler.planning.exposure import DOORS
from reconciler.planning.second_look import TO_READ_ACCOUNT_BLOCK, TO_READ_ACL

FINDING = ("s3:ListBucket",)
"""To tell an absent bucket from one that may not be seen (HeadBucket), and an absent manifest from a hidden one."""
CREATING = ("s3:CreateBucket", "s3:TagResource")


def permissions(specs: Sequence[BucketSpec] | None, *, writing: bool, to_assume: Sequence[str] = ()) -> dict[str, Any]:
    """A policy document for ``plan``, or for ``apply``; for all buckets and aspects where no specs are given.

    `to_assume` are the roles of other accounts that the run goes through: each needs a policy like this in turn.
    """
    statements = [
        {"Sid": "FindBuckets", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
    ]
    specs = specs if specs is None else [spec.filled(spec.surroundings(account="*", region="*")) for spec in specs]
    going = [spec for spec in specs or () if spec.is_absent]
    specs = specs if specs is None else [spec.reading for spec in specs]
    names = BucketSpec.aspects().keys() if specs is None else {name for spec in specs for name in spec.declared()}
    rows = [BucketSpec.aspects()[name].api for name in BucketSpec.aspects() if name in names]
    on_buckets: set[str] = set(FINDING)
    on_objects: set[str] = set()
    if writing:
        on_buckets |= set(CREATING)
    for row in rows:
        (on_objects if row.of_object else on_buckets).update(row.to_read + (row.to_write if writing else ()))
    if names & {*DOORS}:  # to tell whether a bucket becomes public; without these, a plan assumes the worst
        on_buckets |= {TO_READ_ACL, *(action for name in DOORS for action in BucketSpec.aspects()[name].api.to_read)}
        statements.append(statement("AccountBlock", {TO_READ_ACCOUNT_BLOCK}, ["*"]))
    statements.append(statement("Buckets", on_buckets, bucket_arns(specs)))
    if on_objects:
        statements.append(statement("Manifests", on_objects, manifest_arns(specs)))
    roles = sorted({"arn:aws:iam::*:role/*"} if specs is None else {arn for spec in specs for arn in role_arns(spec)})
    if roles:  # to tell whether a policy lets in the caller's own role; without it, what is not certain is refused
        statements.append(statement("OwnRole", {"iam:GetRole"}, roles))
    keys = sorted({arn for spec in specs or () for arn in key_arns(spec)})
    if keys:
        statements.append(
            statement("ManifestKeys", {"kms:Decrypt", *(("kms:GenerateDataKey",) if writing else ())}, keys)
        )
    if going:
        statements += deletion(going, writing=writing)
    if to_assume:
        statements.append(statement("OtherAccounts", {"sts:AssumeRole"}, list(to_assume)))
    return {"Version": "2012-10-17", "Statement": statements}


def deletion(specs: Sequence[BucketSpec], *, writing: bool) -> list[dict[str, Any]]:
    """What it takes to look into these buckets, to empty them and to delete them."""
    arns = bucket_arns(specs)
    on_objects = {*TO_LOOK_AT_OBJECTS, *(TO_EMPTY if writing else ())}
    statements = [
        statement("LookInto", {*TO_LOOK}, arns),
        statement("Contents", on_objects, [f"{arn}/*" for arn in arns]),
    ]
    if writing:
        gone = [spec for spec in specs if not spec.tombstone]
        statements += [statement("Delete", {*TO_DELETE}, bucket_arns(gone))] if gone else []
    return statements


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


def role_arns(spec: BucketSpec) -> list[str]:
    """The roles among which the caller's is looked up, where the bucket's policy depends on its path."""
    if not lock_out.may_depend_on_role(spec):
        return []
    return [f"arn:{partition_of(spec.region)}:iam::{spec.account or '*'}:role/*"]


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
