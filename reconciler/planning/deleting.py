"""How a bucket goes: what its deletion would lose, what stands in the way, and the calls.

A bucket goes whole or not at all: whatever is in the way of one part leaves everything as it is. S3's protections are
obstacles here, never something to get around: no call bypasses a retention.
"""

from collections.abc import Iterator

from reconciler.aspects.calls import Call, Effect, Risk
from reconciler.bucket import BucketSpec
from reconciler.names import namespace_of
from reconciler.planning.changeset import BUCKET, Action, Blocker, Change, FieldChange
from reconciler.planning.contents import Contents, most_listed, several
from reconciler.planning.live import Unreadable

ABORT, EMPTY, DELETE = "abort_multipart_upload", "delete_objects", "delete_bucket"
"""The calls of a deletion. The first two stand for as many as it takes; `AtMost` says how much they may delete."""
TO_LOOK = (
    "s3:ListBucketVersions",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
)
TO_LOOK_AT_OBJECTS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention", "s3:GetObjectLegalHold")
TO_DELETE = ("s3:DeleteBucket",)
TO_DELETE_OBJECTS = ("s3:DeleteObject", "s3:DeleteObjectVersion")
TO_EMPTY = (*TO_DELETE_OBJECTS, "s3:AbortMultipartUpload")
"""IAM actions, on the bucket and on what is in it."""
NOBODY_LOOKED = Unreadable("nobody has looked into the bucket", "run `reconcile plan` again")


def deletion(spec: BucketSpec, found: Contents | Unreadable | None) -> Change | tuple[Blocker, ...]:
    """What becomes of a bucket that is there and is to go; an empty tuple where only a tombstone is left of it."""
    contents = NOBODY_LOOKED if found is None else found
    if isinstance(contents, Unreadable):
        return (Blocker(BUCKET, contents.why, contents.remedy),)
    blockers = tuple(obstacles(spec, contents))
    if blockers:
        return blockers
    calls = tuple(calls_of(spec, contents))
    if not calls:
        return ()
    return Change(
        aspect=BUCKET,
        action=Action.UPDATE if spec.tombstone else Action.DELETE,
        before=None,
        after=None,
        fields=tuple(fields_of(spec, contents)),
        calls=calls,
        # what is gone cannot be had again: neither an object nor, once somebody has taken it, the name
        risk=Risk.LOSES_DATA,
        consequences=tuple(sentences(spec, contents)),
    )


def obstacles(spec: BucketSpec, contents: Contents) -> Iterator[Blocker]:
    """Why the bucket cannot go as it is."""
    if contents.foreign and not spec.empty_first:
        yield Blocker(
            BUCKET,
            f"the bucket is not empty: it holds {contents.words}",
            "empty it yourself, or write `empty_first: true` and `max_objects:` beside `state: absent`",
        )
    elif contents.foreign > most_listed(spec):
        yield Blocker(
            BUCKET,
            f"the bucket holds {contents.words}; `max_objects` allows {most_listed(spec):,}",
            "if all of it may go, raise `max_objects`; millions are better left to a lifecycle rule",
        )
    if contents.mfa_delete and contents.listed:
        yield Blocker(
            BUCKET,
            "MFA delete is on: only the account's root user can delete versions, with a code of its device",
            "switch MFA delete off as root, or empty the bucket as root",
        )
    locks = contents.locks
    if locks.locked:
        yield Blocker(
            BUCKET,
            f"{several(locks.locked, 'version')} locked, the last until {locks.until}: object lock keeps them",
            "wait until then; this tool never bypasses a retention, in whichever mode",
        )
    if locks.held:
        yield Blocker(
            BUCKET,
            f"{several(locks.held, 'version')} on legal hold",
            "whoever is responsible for the hold takes it off, then run `reconcile plan` again",
        )


def calls_of(spec: BucketSpec, contents: Contents) -> Iterator[Call]:
    """Unfinished uploads first, since one that is finished meanwhile becomes an object; the bucket last."""
    if contents.uploads:
        yield Call(ABORT, {"AtMost": contents.uploads}, Effect.LOOSEN)
    if contents.listed:
        yield Call(EMPTY, {"AtMost": contents.listed}, Effect.LOOSEN)
    if not spec.tombstone:
        yield Call(DELETE, {}, Effect.LOOSEN)


def fields_of(spec: BucketSpec, contents: Contents) -> Iterator[FieldChange]:
    """What goes, in numbers."""
    if not spec.tombstone:
        yield FieldChange(("name",), spec.name, None)
    for name in ("objects", "versions", "delete_markers", "uploads", "manifest"):
        if getattr(contents, name):
            yield FieldChange((name,), getattr(contents, name), None)


def sentences(spec: BucketSpec, contents: Contents) -> Iterator[str]:
    """What is lost, in plain words."""
    if contents.foreign:
        yield f"deletes {contents.words}"
    if contents.manifest:
        yield f"deletes the bucket's manifest ({several(contents.manifest, 'version')})"
    if spec.tombstone:
        yield "the empty bucket stays, closed to everybody who would put something into it: its name stays yours"
    elif namespace_of(spec.name) is not None:
        yield "the name is in your account's own namespace: nobody else can take it"
    else:
        yield "anybody can take the name once the bucket is gone; `tombstone: true` keeps it"
