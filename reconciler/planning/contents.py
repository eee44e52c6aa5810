"""What is in a bucket, as far as somebody has to know who is about to delete it.

Nobody lists millions of objects to find out that there are too many: a listing ends where it has shown more than may
be deleted, and says so.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.bucket import BucketSpec
from reconciler.planning.digests import digest

SHOWN = 1000
"""How much is counted in a bucket that is not to be emptied: enough to say that it is not empty."""
UNITS = ("byte", "KiB", "MiB", "GiB", "TiB", "PiB")
CONTENTS, UPLOADS = "contents", "uploads"
"""The names of their digests in a plan."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an object or one delete marker, as S3 lists it."""

    key: str
    version: str | None
    """None where a server knows no versions."""
    is_marker: bool = False
    is_latest: bool = True
    size: int = 0
    etag: str = ""
    modified: str = ""
    """In UTC, as ISO 8601 has it."""

    @property
    def proof(self) -> tuple[str, str, bool, str, str]:
        """What is equal for the same version of the same object, and for nothing else. Another version may have
        become the latest meanwhile."""
        return self.key, self.version or "", self.is_marker, self.etag, self.modified


@dataclass(frozen=True, slots=True)
class Upload:
    """One multipart upload that nobody has finished."""

    key: str
    id: str


@dataclass(frozen=True, slots=True)
class Locks:
    """What of it S3 would not delete for anybody."""

    locked: int = 0
    """Versions whose retention is not over."""
    until: str | None = None
    """When the last of them is free."""
    held: int = 0
    """Versions on legal hold."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a bucket. The tool's own manifest is counted apart from everything else."""

    objects: int = 0
    versions: int = 0
    """Old ones, behind an object or a delete marker."""
    delete_markers: int = 0
    bytes: int = 0
    newest: str | None = None
    manifest: int = 0
    """Versions and delete markers of the manifest."""
    uploads: int = 0
    is_whole: bool = True
    """Whether all of it was listed."""
    mfa_delete: bool = False
    locks: Locks = Locks()
    digests: tuple[str, str] = ("", "")
    """Of the versions and delete markers, and of the unfinished uploads."""

    @property
    def foreign(self) -> int:
        """How much is deleted of what is not the manifest."""
        return self.objects + self.versions + self.delete_markers + self.uploads

    @property
    def listed(self) -> int:
        """Everything that DeleteObjects would have to delete."""
        return self.objects + self.versions + self.delete_markers + self.manifest

    @property
    def proofs(self) -> dict[str, str]:
        """The digests that a plan binds itself to."""
        return dict(zip((CONTENTS, UPLOADS), self.digests, strict=True))

    @property
    def words(self) -> str:
        """All but the manifest, in a few words."""
        counted = (
            (self.objects, "object"),
            (self.versions, "old version"),
            (self.delete_markers, "delete marker"),
            (self.uploads, "unfinished upload"),
        )
        parts = [several(number, what) for number, what in counted if number]
        *others, last = parts or ["nothing"]
        said = f"{', '.join(others)} and {last}" if others else last
        said += f" ({size_in_words(self.bytes)})" if self.bytes else ""
        said += f", the newest from {self.newest[:10]}" if self.newest else ""
        return said if self.is_whole else f"more than {said}"


def contents_of(
    entries: Iterable[Entry],
    ours: Collection[Entry],
    uploads: Collection[Upload],
    *,
    is_whole: bool = True,
    mfa_delete: bool = False,
    locks: Locks | None = None,
) -> Contents:
    """The sum of a listing; `ours` are the versions and delete markers of the tool's own manifest."""
    listed = list(entries)
    foreign = [entry for entry in listed if entry not in ours]
    return Contents(
        objects=sum(entry.is_latest and not entry.is_marker for entry in foreign),
        versions=sum(not (entry.is_latest or entry.is_marker) for entry in foreign),
        delete_markers=sum(entry.is_marker for entry in foreign),
        bytes=sum(entry.size for entry in foreign),
        newest=max((entry.modified for entry in foreign), default=None),
        manifest=len(listed) - len(foreign),
        uploads=len(uploads),
        is_whole=is_whole,
        mfa_delete=mfa_delete,
        locks=locks or Locks(),
        digests=(digest_of_entries(listed), digest_of_uploads(uploads)),
    )


def digest_of_entries(entries: Iterable[Entry]) -> str:
    """The digest of versions and delete markers, in whatever order they are listed."""
    return digest(sorted(entry.proof for entry in entries))


def digest_of_uploads(uploads: Iterable[Upload]) -> str:
    """The digest of unfinished uploads."""
    return digest(sorted((upload.key, upload.id) for upload in uploads))


def most_listed(spec: BucketSpec) -> int:
    """How much a listing shows before it is left, the manifest not counted."""
    return SHOWN if spec.max_objects is None else spec.max_objects


def several(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def size_in_words(number: float) -> str:
    """Bytes in their largest unit."""
    unit = 0
    while number >= 1024 and unit < len(UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return several(int(number), "byte") if unit == 0 else f"{number:,.1f} {UNITS[unit]}"
