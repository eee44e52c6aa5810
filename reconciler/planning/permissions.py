"""The least IAM policy for reading and for writing, made of the aspects' own rows."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.aspects.encryption import Encryption
from reconciler.bucket import BucketSpec, partition_of
from reconciler.planning import lock_out
from reconciler.planning.deleting import TO_DELETE, TO_DELETE_OBJECTS, TO_EMPTY, TO_LOOK, TO_LOOK_AT_OBJECTS
from reconciler.planning.exposure import DOORS
from reconciler.planning.second_look import TO_READ_ACCOUNT_BLOCK, TO_READ_ACL

if TYPE_CHECKING:
    from reconciler.settings import Lock

FINDING = ("s3:ListBucket",)
"""To tell an absent bucket from one that may not be seen (HeadBucket), and an absent manifest from a hidden one."""
CREATING = {"s3:CreateBucket", "s3:TagResource"}
TO_LOCK = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
"""On the object that keeps two applies from running at once."""


def permissions(
    specs: Sequence[BucketSpec] | None, *, writing: bool, to_assume: Sequence[str] = (), lock: "Lock | None" = None
) -> dict[str, Any]:
    """A policy document for ``plan``, or for ``apply``; for all buckets and aspects where no specs are given.

    It holds for whatever a spec may say of the aspects that it declares, `absent` included, so that a changed value
    needs no changed role. `to_assume` are the roles of other accounts that the run goes through: each needs a policy
    like this in turn. `lock` is where an apply keeps others out.
    """
    statements = [
        {"Sid": "FindBuckets", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
    ]
    specs = specs if specs is None else [spec.filled(spec.surroundings(account="*", region="*")) for spec in specs]
    kept = specs if specs is None else [spec.reading for spec in specs if not spec.is_absent or spec.tombstone]
    if kept is None or any(spec.declared().keys() & {*DOORS} for spec in kept):
        statements.append(statement("AccountBlock", {TO_READ_ACCOUNT_BLOCK}, ["*"]))
    statements += on_buckets(specs, writing=writing)
    manifests = kept if kept is None else [spec for spec in kept if spec.manifest]
    if manifests is None or manifests:
        row = BucketSpec.aspects()["manifest"].api
        on_objects = {*row.to_read, *(row.to_write if writing else ())}
        statements.append(statement("Manifests", on_objects, manifest_arns(manifests)))
    roles = sorted({"arn:aws:iam::*:role/*"} if kept is None else {arn for spec in kept for arn in role_arns(spec)})
    if roles:  # to tell whether a policy lets in the caller's own role; without it, what is not certain is refused
        statements.append(statement("OwnRole", {"iam:GetRole"}, roles))
    statements += on_keys(kept or (), writing=writing)
    statements += deletion([spec for spec in specs or () if spec.is_absent], writing=writing)
    if lock is not None and writing:
        arn = f"arn:{partition_of(lock.region)}:s3:::{lock.bucket}"
        statements.append(statement("Lock", {*TO_LOCK}, [f"{arn}/{lock.key}"]))
        statements.append(statement("LockBucket", {*FINDING}, [arn]))
    if to_assume:
        statements.append(statement("OtherAccounts", {"sts:AssumeRole"}, list(to_assume)))
    return {"Version": "2012-10-17", "Statement": statements}


def on_buckets(specs: Sequence[BucketSpec] | None, *, writing: bool) -> Iterator[dict[str, Any]]:
    """What is done with buckets that stay: a statement for those for which it is the same."""
    if specs is None:
        everything = actions_on(BucketSpec.aspects().keys(), writing=writing) | (CREATING if writing else set())
        yield statement("Buckets", everything, ["arn:aws:s3:::*"])
        return
    alike: dict[frozenset[str], list[str]] = {}
    for spec in specs:
        if spec.is_absent and not spec.tombstone:
            continue
        actions = actions_on(spec.reading.declared().keys(), writing=writing)
        actions |= CREATING if writing and not spec.is_absent else set()
        alike.setdefault(frozenset(actions), []).extend(bucket_arns([spec]))
    for number, (same, arns) in enumerate(alike.items(), 1):
        yield statement("Buckets" if number == 1 else f"Buckets{number}", same, arns)


def actions_on(names: Collection[str], *, writing: bool) -> set[str]:
    """What a bucket with these aspects is asked for."""
    found = {*FINDING}
    for name in names:
        row = BucketSpec.aspects()[name].api
        if not row.of_object:
            found.update(row.to_read, row.to_write if writing else ())
    if not {*DOORS}.isdisjoint(
        names
    ):  # to tell whether a bucket becomes public; without these, a plan assumes the worst
        found |= {TO_READ_ACL, *(action for name in DOORS for action in BucketSpec.aspects()[name].api.to_read)}
    return found


def on_keys(specs: Sequence[BucketSpec], *, writing: bool) -> Iterator[dict[str, Any]]:
    """What KMS is asked for: which key an alias stands for, and to encrypt and decrypt manifests."""
    named = sorted({arn for spec in specs for arn in key_arns(spec, any_key=True)})
    if named:
        yield statement("KeyAliases", {"kms:DescribeKey"}, named)
    keys = sorted({arn for spec in specs if spec.manifest for arn in key_arns(spec)})
    if keys:
        yield statement("ManifestKeys", {"kms:Decrypt", *(("kms:GenerateDataKey",) if writing else ())}, keys)


def deletion(specs: Sequence[BucketSpec], *, writing: bool) -> Iterator[dict[str, Any]]:
    """What it takes to look into these buckets, to empty those that are to be emptied, and to delete them.

    Of the others, nothing but the tool's own manifest is ever read or deleted.
    """
    if not specs:
        return
    yield statement("LookInto", {*TO_LOOK}, bucket_arns(specs))
    held = manifest_arns([spec for spec in specs if not spec.empty_first])
    if held:
        ours = {*TO_LOOK_AT_OBJECTS, *(TO_DELETE_OBJECTS if writing else ())}
        yield statement("OwnManifests", ours, held)
    contents = [f"{arn}/*" for arn in bucket_arns([spec for spec in specs if spec.empty_first])]
    if contents:
        yield statement("Contents", {*TO_LOOK_AT_OBJECTS, *(TO_EMPTY if writing else ())}, contents)
    gone = bucket_arns([spec for spec in specs if not spec.tombstone])
    if writing and gone:
        yield statement("Delete", {*TO_DELETE}, gone)


def statement(sid: str, actions: Collection[str], resources: list[str]) -> dict[str, Any]:
    """One Allow."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def bucket_arns(specs: Sequence[BucketSpec]) -> list[str]:
    """The buckets, each by its name."""
    return [f"arn:{partition_of(spec.region)}:s3:::{spec.name}" for spec in specs]


def manifest_arns(specs: Sequence[BucketSpec] | None) -> list[str]:
    """The manifests, each by its key."""
    manifest = BucketSpec.aspects()["manifest"]
    if specs is None:
        return [f"arn:aws:s3:::*/{manifest.get_params(None)['Key']}"]
    arns = zip(bucket_arns(specs), specs, strict=True)
    return [f"{arn}/{manifest.get_params(spec.values().get('manifest'))['Key']}" for arn, spec in arns]


def role_arns(spec: BucketSpec) -> list[str]:
    """The roles among which the caller's is looked up, where the bucket's policy depends on its path."""
    if not lock_out.may_depend_on_role(spec):
        return []
    return [f"arn:{partition_of(spec.region)}:iam::{spec.account or '*'}:role/*"]


def key_arns(spec: BucketSpec, *, any_key: bool = False) -> list[str]:
    """The KMS key of the team's own that the bucket is encrypted with; or any, where a live alias may be for another.

    An alias says nothing in an IAM policy, so it stands for any key of its account and region. AWS's own
    key ``aws/s3`` needs no permission.
    """
    encryption = spec.encryption
    key = encryption.kms_master_key_id if isinstance(encryption, Encryption) else None
    if key is None:
        return []
    if key.startswith("arn:") and ":key/" in key and not any_key:
        return [key]
    name = "*" if any_key or "alias/" in key else key
    return [f"arn:{partition_of(spec.region)}:kms:{spec.region or '*'}:{spec.account or '*'}:key/{name}"]
