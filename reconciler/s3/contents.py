"""Looking into a bucket that is to go: what it holds, what of it is the tool's own manifest, what S3 keeps locked.

Keys come and go as S3 has them, be it with a slash at the start or with characters that no XML can hold: listings ask
for them in URL encoding (S3 API reference, ListObjectVersions, EncodingType).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote_plus

from reconciler.aspects.manifest import LARGEST, Manifest
from reconciler.bucket import BucketSpec
from reconciler.planning.contents import Contents, Entry, Locks, Upload, contents_of, most_listed
from reconciler.planning.deleting import TO_LOOK, TO_LOOK_AT_OBJECTS
from reconciler.planning.live import Unreadable
from reconciler.s3.crowd import Crowd
from reconciler.s3.errors import S3_ERRORS, UNSUPPORTED, WrongDocumentError, code_of, credentials_refused, unreadable
from reconciler.scalars import moment

MOST_MANIFESTS = 100
"""Versions under the manifest's key that are read to see whether they are manifests; what is beyond is not ours."""
GONE = frozenset({"NoSuchBucket", "404"})
NO_LOCK = "ObjectLockConfigurationNotFound"
"""How the code begins that says so; servers end it in two ways (hashicorp/terraform-provider-aws#26317)."""
AT_ONCE = 16
"""Versions that are asked about side by side whether they are locked."""


@dataclass(frozen=True, slots=True)
class Bag:
    """One bucket, and how to ask about what is in it."""

    client: Any
    name: str
    owner: dict[str, str]

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """Make a call in the name of the bucket's owner."""
        answer: dict[str, Any] = getattr(self.client, operation)(Bucket=self.name, **self.owner, **params)
        return answer

    # ── listings ─────────────────────────────────────────────────────────────────────────────────────

    def entries(self) -> Iterator[Entry]:
        """Every version and delete marker, page by page; of a server without versions, every object."""
        try:
            page = self.ask("list_object_versions")
        except S3_ERRORS as error:
            knows_none = code_of(error) in UNSUPPORTED or isinstance(error, WrongDocumentError)
            if not knows_none or self.versioning().get("Status"):
                raise
            yield from self.objects()
            return
        while True:
            yield from (entry_of(found) for found in page.get("Versions", ()))
            yield from (entry_of(found, is_marker=True) for found in page.get("DeleteMarkers", ()))
            if not page.get("IsTruncated"):
                return
            after = {"KeyMarker": onward(page, "NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker")}
            page = self.ask("list_object_versions", **{name: value for name, value in after.items() if value})

    def objects(self) -> Iterator[Entry]:
        """Every object of a bucket that never had versions."""
        token: dict[str, str] = {}
        while True:
            page = self.ask("list_objects_v2", **token)
            yield from (entry_of(found) for found in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": onward(page, "NextContinuationToken")}

    def uploads(self) -> Iterator[Upload]:
        """Every multipart upload that nobody has finished. botocore leaves these keys encoded."""
        after: dict[str, str] = {}
        while True:
            page = self.ask("list_multipart_uploads", EncodingType="url", **after)
            decoded = unquote_plus if page.get("EncodingType") == "url" else str
            yield from (Upload(decoded(found["Key"]), found["UploadId"]) for found in page.get("Uploads", ()))
            if not page.get("IsTruncated"):
                return
            after = {
                "KeyMarker": decoded(onward(page, "NextKeyMarker")),
                "UploadIdMarker": onward(page, "NextUploadIdMarker"),
            }

    def versioning(self) -> dict[str, Any]:
        """What the bucket does with versions."""
        return self.ask("get_bucket_versioning")

    # ── what is ours, and what is locked ─────────────────────────────────────────────────────────────

    def is_manifest(self, entry: Entry) -> bool:
        """Whether this is a manifest that this tool has written into this bucket: it says so itself."""
        if entry.size > LARGEST:
            return False
        version = {"VersionId": entry.version} if entry.version is not None else {}
        with self.ask("get_object", Key=entry.key, **version)["Body"] as stream:
            body = stream.read(LARGEST + 1).decode("utf-8", "replace")
        try:
            manifest = Manifest.from_response({"Key": entry.key, "Body": body})
        except ValueError:
            return False
        return manifest is not None and manifest.bucket == self.name and manifest.created_at is not None

    def has_object_lock(self) -> bool:
        """Whether versions in this bucket may be locked. A server that has no such thing locks nothing."""
        try:
            self.ask("get_object_lock_configuration")
        except S3_ERRORS as error:
            if code_of(error).startswith(NO_LOCK) or code_of(error) in UNSUPPORTED:
                return False
            raise
        return True

    def lock_of(self, entry: Entry) -> tuple[datetime | None, bool]:
        """Until when a version is kept, and whether it is on legal hold."""
        version = {"VersionId": entry.version} if entry.version is not None else {}
        head = self.ask("head_object", Key=entry.key, **version)
        return head.get("ObjectLockRetainUntilDate"), head.get("ObjectLockLegalHoldStatus") == "ON"


def look_into(
    bag: Bag, spec: BucketSpec, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Contents | Unreadable | None:
    """What is in a bucket, as far as its deletion has to know; None where S3 says that there is no bucket any more."""
    try:
        return contents(bag, spec, now())
    except S3_ERRORS as error:
        if code_of(error) in GONE:
            return None
        fatal = credentials_refused(error)
        if fatal:
            raise fatal from error
        return unreadable(error, "what is in the bucket", (*TO_LOOK, *TO_LOOK_AT_OBJECTS))


def is_empty(bag: Bag, spec: BucketSpec) -> bool:
    """Whether a bucket surely holds nothing but the tool's own manifest. The first object of another ends the look."""
    manifests = Manifests(bag, spec.manifest.key if isinstance(spec.manifest, Manifest) else None)
    try:
        return all(manifests.hold(entry) for entry in bag.entries())
    except S3_ERRORS:
        return False


def contents(bag: Bag, spec: BucketSpec, now: datetime) -> Contents:
    """The sum of what is in a bucket. Raises what S3 raises."""
    versioning = bag.versioning()
    most = most_listed(spec)
    manifests = Manifests(bag, spec.manifest.key if isinstance(spec.manifest, Manifest) else None)
    entries: list[Entry] = []
    foreign = 0
    for entry in bag.entries():
        entries.append(entry)
        foreign += not manifests.hold(entry)
        if foreign > most:
            break
    uploads = list(islice(bag.uploads(), most + 1))
    is_whole = foreign <= most and len(uploads) <= most
    is_looked_at = is_whole and (spec.empty_first or not foreign)
    return contents_of(
        entries,
        manifests.ours,
        uploads,
        is_whole=is_whole,
        mfa_delete=versioning.get("MFADelete") == "Enabled",
        locks=locks_of(bag, entries, now) if is_looked_at else None,
    )


class Manifests:
    """Tells the tool's own manifest from everything else under its key."""

    def __init__(self, bag: Bag, key: str | None) -> None:
        self.bag = bag
        self.key = key or str(Manifest.get_params(None)["Key"])
        self.read = 0
        self.ours: set[Entry] = set()

    def hold(self, entry: Entry) -> bool:
        """Whether this is the manifest's. A delete marker under its key holds nothing that could be anybody else's."""
        if entry.key != self.key:
            return False
        if not entry.is_marker:
            self.read += 1
            if self.read > MOST_MANIFESTS or not self.bag.is_manifest(entry):
                return False
        self.ours.add(entry)
        return True


def locks_of(bag: Bag, entries: Sequence[Entry], now: datetime) -> Locks:
    """What of this S3 would not delete. Asked version by version, and only where the bucket has object lock."""
    versions = [entry for entry in entries if not entry.is_marker]
    if not versions or not bag.has_object_lock():
        return Locks()
    with Crowd(AT_ONCE, "locks") as crowd:
        found = crowd.all(bag.lock_of, versions)
    kept = [until for until, _ in found if until is not None and until > now]
    return Locks(
        locked=len(kept),
        until=moment(max(kept)) if kept else None,
        held=sum(held for _, held in found),
    )


def entry_of(found: dict[str, Any], *, is_marker: bool = False) -> Entry:
    """One item of a listing."""
    modified = found.get("LastModified")
    return Entry(
        key=found["Key"],
        version=found.get("VersionId"),
        is_marker=is_marker,
        is_latest=found.get("IsLatest", True),
        size=found.get("Size", 0),
        etag=found.get("ETag", ""),
        modified=moment(modified) if modified else "",
    )


def onward(page: dict[str, Any], marker: str) -> str:
    """Where a listing goes on. Half a listing is not taken for the whole."""
    found = page.get(marker)
    if not found:
        raise WrongDocumentError(f"the server cuts its listing short and does not say {marker}")
    return str(found)
