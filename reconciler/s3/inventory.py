"""An S3 Inventory report: the objects of a bucket as they were some hours ago, without listing them.

A report is a manifest.json and files of CSV in gzip (S3 User Guide, "Locating your inventory list"). Its rows are in no
order, keys are URL-encoded, and which columns there are is the choice of whoever set it up. ORC and Parquet need
libraries of their own, so they are refused.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from reconciler.planning.forecast import Version
from reconciler.s3.errors import S3_ERRORS, credentials_refused, unreadable
from reconciler.s3.versions import CannotTellError

TO_READ_REPORTS = "s3:GetObject"
URL = re.compile(r"s3://([^/\s]+)/(\S(?:.*\S)?)\Z")
LARGEST_MANIFEST = 64 * 1024 * 1024
NEEDED = ("Key", "Size", "LastModifiedDate")
"""Columns without which nothing can be told."""
OF_VERSIONS = ("VersionId", "IsLatest", "IsDeleteMarker")
"""Columns of a report over all versions; one over current versions has none of them."""
NOT_READABLE: tuple[type[Exception], ...] = (*S3_ERRORS, OSError, EOFError, zlib.error, ValueError, csv.Error)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a report."""

    key: str
    md5: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a manifest says."""

    url: str
    bucket: str
    """Where the report lies: its files are read from there and from nowhere else."""
    source: str
    """The bucket that the report is about."""
    created: datetime
    columns: tuple[str, ...]
    files: tuple[File, ...]

    @property
    def has_old_versions(self) -> bool:
        """Whether it tells current versions from old ones."""
        return all(name in self.columns for name in OF_VERSIONS)


def place_of(url: str) -> tuple[str, str] | None:
    """The bucket and the key of an ``s3://`` URL."""
    found = URL.match(url)
    return (found[1], found[2]) if found else None


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────────


def opened(client: Any, url: str) -> Report:
    """The report that a manifest describes. Raises `CannotTellError` for one that cannot be used."""
    place = place_of(url)
    if place is None:
        raise CannotTellError(f"{url} is no manifest: write it like s3://bucket/path/manifest.json")
    bucket, key = place
    try:
        with answer_of(client, bucket, key)["Body"] as stream:
            return report_of(url, bucket, json.loads(stream.read(LARGEST_MANIFEST)))
    except S3_ERRORS as error:
        raise CannotTellError(f"{url} cannot be read: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise CannotTellError(f"{url} is not the manifest.json of an S3 Inventory report") from error


def report_of(url: str, bucket: str, manifest: Mapping[str, Any]) -> Report:
    """A manifest, read. What is not as AWS writes it is an error of one kind or another."""
    columns = tuple(name.strip() for name in manifest["fileSchema"].split(","))
    kind = str(manifest["fileFormat"])
    if kind.upper() != "CSV":
        raise CannotTellError(f"{url} is an inventory in {kind}: choose CSV as its format, or list the bucket")
    lacking = [name for name in NEEDED if name not in columns]
    if lacking:
        raise CannotTellError(f"{url} has no {' and no '.join(lacking)}: choose them as additional fields")
    return Report(
        url,
        bucket,
        str(manifest["sourceBucket"]),
        datetime.fromtimestamp(int(manifest["creationTimestamp"]) / 1000, UTC),
        columns,
        tuple(File(str(file["key"]), str(file["MD5checksum"])) for file in manifest["files"]),
    )


def answer_of(client: Any, bucket: str, key: str) -> Any:
    """The answer of GetObject."""
    try:
        return client.get_object(Bucket=bucket, Key=key)
    except S3_ERRORS as error:
        fatal = credentials_refused(error)
        if fatal:
            raise fatal from error
        found = unreadable(error, f"s3://{bucket}/{key}", (TO_READ_REPORTS,))
        raise CannotTellError(f"{found.why} ({found.remedy})") from error


# ── the files ────────────────────────────────────────────────────────────────────────────────────────


class Summed(io.RawIOBase):
    """A stream that adds up what is read of it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.sum = hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        """A stream to read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        data: bytes = self.stream.read(len(buffer))
        self.sum.update(data)
        buffer[: len(data)] = data
        return len(data)


def rows(client: Any, report: Report, prefixes: Sequence[str]) -> Iterator[Version]:
    """The versions under these prefixes, in no order. Raises `CannotTellError` for a file that is not as it was."""
    chosen = tuple(prefixes)
    for file in report.files:
        with answer_of(client, report.bucket, file.key)["Body"] as stream:
            summed = Summed(stream)
            try:
                with gzip.open(io.BufferedReader(summed, 1 << 20), "rt", encoding="utf-8", newline="") as text:
                    for row in csv.reader(text):
                        version = version_of(report.columns, row)
                        if version.key.startswith(chosen):
                            yield version
            except NOT_READABLE as error:
                raise CannotTellError(f"s3://{report.bucket}/{file.key} cannot be read: {error}") from error
            if summed.sum.hexdigest() != file.md5:
                raise CannotTellError(f"s3://{report.bucket}/{file.key} is not the file that its manifest describes")


def version_of(columns: Sequence[str], values: Sequence[str]) -> Version:
    """One row. A report over current versions has no other ones, and says so by the columns that it lacks."""
    if len(values) != len(columns):
        raise ValueError(f"a row has {len(values)} columns and the manifest {len(columns)}")
    row = dict(zip(columns, values, strict=True))
    return Version(
        key=unquote_plus(row["Key"]),
        size=int(row["Size"] or 0),
        modified=int(datetime.fromisoformat(row["LastModifiedDate"]).timestamp()),
        is_latest=row.get("IsLatest", "true").lower() == "true",
        is_delete_marker=row.get("IsDeleteMarker", "false").lower() == "true",
        is_null=row.get("VersionId", "") in ("", "null"),
    )
