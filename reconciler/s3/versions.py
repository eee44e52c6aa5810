"""The versions in a bucket, as ListObjectVersions tells them: page by page, those of a key together, newest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.planning.forecast import Version
from reconciler.s3.errors import S3_ERRORS, credentials_refused, unreadable

TO_LIST_VERSIONS = "s3:ListBucketVersions"
PROGRESS = 100_000
"""Versions after each of which somebody is told that it goes on."""

Notice = Callable[[str], None]
Page = Mapping[str, Any]


class CannotTellError(Exception):
    """Why nobody can tell what is in a bucket, in a sentence. Never the same as nothing."""


class Told:
    """Versions on their way to be counted: no more than a limit, and a word now and then."""

    def __init__(self, what: str, limit: int, notice: Notice) -> None:
        self.what = what
        self.limit = limit
        self.notice = notice
        self.seen = 0
        self.complete = True

    def passed_on(self, versions: Iterator[Version]) -> Iterator[Version]:
        """The same versions, up to the limit."""
        for version in versions:
            if self.seen >= self.limit:
                self.complete = False
                return
            self.seen += 1
            if self.seen % PROGRESS == 0:
                self.notice(f"{self.what}: {self.seen:,} versions so far")
            yield version


def listed(client: Any, bucket: str, prefixes: Sequence[str], owner: Mapping[str, str]) -> Iterator[Version]:
    """Every version and delete marker under these prefixes. Raises `CannotTellError` where S3 does not say."""
    for prefix in prefixes:
        for page in pages(client, {"Bucket": bucket, "Prefix": prefix, **owner}):
            yield from versions_in(page)


def pages(client: Any, params: Mapping[str, Any]) -> Iterator[Page]:
    """The pages of a listing. A server whose pages lead nowhere is not believed."""
    markers: dict[str, str] = {}
    while True:
        try:
            page = client.list_object_versions(**params, **markers)
        except S3_ERRORS as error:
            fatal = credentials_refused(error)
            if fatal:
                raise fatal from error
            found = unreadable(error, "the listing of its versions", (TO_LIST_VERSIONS,))
            raise CannotTellError(f"{found.why} ({found.remedy})") from error
        if "Versions" not in page and "DeleteMarkers" not in page and "Contents" in page:
            raise CannotTellError("the server lists objects where it was asked for versions")
        yield page
        if not page.get("IsTruncated"):
            return
        following = {"KeyMarker": page.get("NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker")}
        told = {name: marker for name, marker in following.items() if marker}
        if "KeyMarker" not in told or told == markers:
            raise CannotTellError("the server's listing of versions does not go on where it says")
        markers = told


def versions_in(page: Page) -> list[Version]:
    """One page in the order of its bucket. botocore tells versions and delete markers apart, S3 mixes them."""
    found = [version_of(item, is_delete_marker=False) for item in page.get("Versions", ())]
    found += [version_of(item, is_delete_marker=True) for item in page.get("DeleteMarkers", ())]
    return in_order(found)


def in_order(versions: list[Version]) -> list[Version]:
    """By key, the newest first."""
    return sorted(versions, key=lambda version: (version.key, not version.is_latest, -version.modified))


def version_of(item: Page, *, is_delete_marker: bool) -> Version:
    """One entry of a page."""
    return Version(
        key=item["Key"],
        size=item.get("Size") or 0,
        modified=int(item["LastModified"].timestamp()),
        is_latest=bool(item.get("IsLatest")),
        is_delete_marker=is_delete_marker,
        is_null=item.get("VersionId") in (None, "", "null"),
    )
