"""What is in a bucket and would go: counted in listings and inventories, and never taken for nothing."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.planning.changeset import Plan
from reconciler.planning.evidence import Evidence, EvidenceAsked, evidence_document
from reconciler.planning.forecast import Amount
from reconciler.reports.evidence import evidence_text
from reconciler.s3 import versions
from reconciler.s3.evidence import Gathering
from reconciler.s3.inventory import place_of
from tests.s3.faults import body, error
from tests.s3.world import World

NAME = "lake-one"
REPORTS = "lake-reports"
URL = f"s3://{REPORTS}/inv/{NAME}/daily/2026-11-22T00-00Z/manifest.json"
COLUMNS = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "StorageClass")
CURRENT_ONLY = ("Bucket", "Key", "Size", "LastModifiedDate")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LISTING = EvidenceAsked()
INVENTORY = EvidenceAsked(listing=False, inventories=(URL,))


def spec(*rules: dict[str, Any], **others: Any) -> dict[str, Any]:
    named = [{"id": f"r{at}", **rule} for at, rule in enumerate(rules)]
    return {"name": NAME, "region": "us-east-1", **({"lifecycle": {"rules": named}} if named else {}), **others}


def put(world: World, *sizes: tuple[str, int]) -> None:
    for key, size in sizes:
        world.s3.put_object(Bucket=NAME, Key=key, Body=b"x" * size)


def gather(world: World, plan: Plan, asked: EvidenceAsked = LISTING, **others: Any) -> Evidence:
    now = others.pop("now", NOW)
    [looked_at] = Gathering(world.reader, asked, now, others.pop("notice", lambda _: None)).of([plan])
    assert looked_at.evidence is not None
    return looked_at.evidence


def later(days: int) -> datetime:
    """moto gives its objects the time of this machine."""
    return datetime.now(UTC) + timedelta(days=days)


def told(found: Evidence, kind: str = "deleted") -> list[Amount]:
    assert found.forecast is not None, found.cannot_tell
    return [getattr(reach, kind) for reach in found.forecast.reaches]


TMP = {"filter": {"prefix": "tmp/"}, "expiration": {"days": 10}}

# ── listing ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_listing_counts_what_a_new_rule_deletes(lake: World) -> None:
    put(lake, ("tmp/a", 3), ("tmp/b", 4), ("raw/c", 5))
    plan = lake.plan(spec(TMP))
    lake.faults.forget()
    found = gather(lake, plan, now=later(8))
    assert told(found) == [Amount(), Amount(2, 7), Amount(2, 7)]
    assert (found.source, found.complete, found.cannot_tell) == ("listing of 2 versions under tmp/", True, ())
    assert found.bytes_within_30_days == 7
    assert lake.faults.made(NAME) == ["GetBucketVersioning", "ListObjectVersions"]
    [asked] = lake.faults.of("ListObjectVersions")
    assert asked.query["prefix"] == "tmp/"
    assert asked.headers["x-amz-expected-bucket-owner"] == lake.identity.account


def test_nothing_is_listed_where_nothing_goes(lake: World) -> None:
    lake.set_up(spec(TMP))
    plans = lake.plans(spec(TMP | {"expiration": {"days": 30}}))
    lake.faults.forget()
    assert Gathering(lake.reader, EvidenceAsked(inventories=(URL,)), NOW).of(plans) == plans
    assert lake.faults.made() == []


def test_versions_are_hidden_and_old_ones_deleted(world: World) -> None:
    world.set_up(spec(versioning="Enabled"))
    put(world, ("a", 1), ("a", 2), ("a", 3), ("b", 4))
    world.s3.delete_object(Bucket=NAME, Key="b")
    rules = {"expiration": {"days": 1}, "noncurrent_version_expiration": {"noncurrent_days": 5}}
    found = gather(world, world.plan(spec(rules)), now=later(3))
    assert told(found, "hidden")[0] == Amount(1, 3)
    assert told(found) == [Amount(), Amount(4, 10), Amount(4, 10)]
    assert found.source == "listing of 5 versions"


def test_a_shortened_expiry_counts_only_what_the_change_adds(lake: World) -> None:
    lake.set_up(spec(TMP))
    put(lake, ("tmp/a", 3))
    plan = lake.plan(spec(TMP | {"expiration": {"days": 5}}))
    assert told(gather(lake, plan, now=later(6)))[0] == Amount(1, 3)
    assert told(gather(lake, plan, now=later(20)))[0] == Amount(), "it would have gone anyway"


def test_suspended_versioning_reads_the_rules_that_nobody_declares(lake: World) -> None:
    put(lake, ("tmp/a", 3))  # before there were versions
    lake.set_up(spec(TMP, versioning="Enabled"))
    put(lake, ("tmp/b", 4))
    found = gather(lake, lake.plan(spec(versioning="Suspended")), now=later(9))
    assert told(found)[1] == Amount(1, 3)
    assert told(found, "whole")[1] == Amount(2, 7)


def test_suspended_versioning_without_rules_takes_nothing(lake: World) -> None:
    lake.set_up(spec(versioning="Enabled"))
    [plan] = Gathering(lake.reader, LISTING, NOW).of([lake.plan(spec(versioning="Suspended"))])
    assert plan.evidence is None


def test_pages_are_followed_and_keys_are_not_torn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.set_up(spec(versioning="Enabled"))
    put(world, *(("a", size) for size in range(1, 6)), ("b", 9))
    listing = type(world.reader.clients.s3("us-east-1")).list_object_versions
    monkeypatch.setattr(
        type(world.reader.clients.s3("us-east-1")),
        "list_object_versions",
        lambda client, **params: listing(client, MaxKeys=2, **params),
    )
    plan = world.plan(spec({"noncurrent_version_expiration": {"noncurrent_days": 1, "newer_noncurrent_versions": 1}}))
    world.faults.forget()
    found = gather(world, plan, now=later(3))
    assert told(found)[0] == Amount(3, 1 + 2 + 3)
    assert world.faults.count("ListObjectVersions") == 3


def test_a_limit_makes_it_at_least(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lake, *((f"tmp/{number}", 1) for number in range(5)))
    monkeypatch.setattr(versions, "PROGRESS", 2)
    notices: list[str] = []
    found = gather(lake, lake.plan(spec(TMP)), EvidenceAsked(limit=4), now=later(11), notice=notices.append)
    assert told(found)[0] == Amount(4, 4)
    assert not found.complete
    assert notices == [f"Listing {NAME}: {number} versions so far" for number in (2, 4)]
    exactly = gather(lake, lake.plan(spec(TMP)), EvidenceAsked(limit=5), now=later(11))
    assert exactly.complete


# ── cannot tell ──────────────────────────────────────────────────────────────────────────────────────


def cannot_tell(found: Evidence) -> str:
    assert found.forecast is None
    assert not found.complete
    assert evidence_text_of(found).startswith("cannot tell: ")
    [why] = found.cannot_tell
    return why


def evidence_text_of(found: Evidence) -> str:
    return evidence_text(evidence_document(found))


TRUNCATED = "<ListVersionsResult><IsTruncated>true</IsTruncated>{}</ListVersionsResult>"
LISTINGS = [
    (error("AccessDenied", 403), "access denied (allow s3:ListBucketVersions for these credentials)"),
    (error("NotImplemented", 501), "this endpoint does not support it"),
    (body(TRUNCATED.format("")), "does not go on where it says"),
    (body(TRUNCATED.format("<NextKeyMarker>k</NextKeyMarker>")), "does not go on where it says"),
]


@pytest.mark.parametrize(("answer", "why"), LISTINGS)
def test_a_listing_that_is_not_answered_is_not_nothing(lake: World, answer: Any, why: str) -> None:
    put(lake, ("tmp/a", 3))
    plan = lake.plan(spec(TMP))
    lake.faults.on("ListObjectVersions", answer)
    assert why in cannot_tell(gather(lake, plan))


def test_a_listing_that_breaks_off_is_not_what_came_before(lake: World) -> None:
    put(lake, ("tmp/a", 3), ("tmp2/b", 4))
    plan = lake.plan(spec(TMP, {"filter": {"prefix": "tmp2/"}, "expiration": {"days": 1}}))
    lake.faults.on("ListObjectVersions", error("AccessDenied", 403), skip=1)
    assert "access denied" in cannot_tell(gather(lake, plan))


def test_rules_that_cannot_be_read_leave_nothing_to_count(lake: World) -> None:
    lake.set_up(spec(TMP, versioning="Enabled"))
    plan = lake.plan(spec(versioning="Suspended"))
    lake.faults.on("GetBucketLifecycleConfiguration", error("AccessDenied", 403))
    assert "s3:GetLifecycleConfiguration" in cannot_tell(gather(lake, plan))


def test_versioning_that_cannot_be_read_is_expected_to_keep_nothing(lake: World) -> None:
    lake.set_up(spec(versioning="Enabled"))
    put(lake, ("tmp/a", 3))
    plan = lake.plan(spec(TMP))
    lake.faults.on("GetBucketVersioning", error("AccessDenied", 403))
    found = gather(lake, plan, now=later(11))
    assert told(found)[0] == Amount(1, 3)
    assert found.cannot_tell == ("versioning cannot be read: what expires is counted as deleted for good",)


# ── inventory ────────────────────────────────────────────────────────────────────────────────────────

Row = Sequence[object]


def csv_of(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), mtime=0)


def report(world: World, *files: Sequence[Row] | bytes, columns: Sequence[str] = COLUMNS, **manifest: Any) -> None:
    """Put a report where S3 would put it."""
    world.s3.create_bucket(Bucket=REPORTS)
    entries = []
    for number, rows in enumerate(files):
        data = rows if isinstance(rows, bytes) else csv_of(rows)
        key = f"inv/{NAME}/daily/data/{number}.csv.gz"
        world.s3.put_object(Bucket=REPORTS, Key=key, Body=data)
        entries.append({"key": key, "size": len(data), "MD5checksum": hashlib.md5(data).hexdigest()})
    written = {
        "sourceBucket": NAME,
        "destinationBucket": f"arn:aws:s3:::{REPORTS}",
        "version": "2016-11-30",
        "creationTimestamp": str(int((NOW - timedelta(hours=12)).timestamp() * 1000)),
        "fileFormat": "CSV",
        "fileSchema": ", ".join(columns),
        "files": entries,
    } | manifest
    world.s3.put_object(Bucket=REPORTS, Key=URL.removeprefix(f"s3://{REPORTS}/"), Body=json.dumps(written))


def row(key: str, size: int, day: str, *, version: str = "", latest: bool = True, marker: bool = False) -> Row:
    shown = ("true" if latest else "false", "true" if marker else "false")
    return (NAME, key, version, *shown, "" if marker else size, f"{day}T10:00:00.000Z", "STANDARD")


def test_an_inventory_is_read_and_nothing_is_listed(lake: World) -> None:
    report(
        lake,
        [row("tmp/a+b%26c", 3, "2026-11-20"), row("raw/x", 9, "2020-01-01")],
        [row("tmp/old", 4, "2026-01-01"), row("tmp/new", 5, "2026-11-22")],
    )
    plan = lake.plan(spec(TMP))
    lake.faults.forget()
    found = gather(lake, plan, INVENTORY)
    assert told(found) == [Amount(1, 4), Amount(1, 4), Amount(3, 12)]
    assert found.source == "inventory of 2026-11-22 00:00 UTC (12 h old): 3 versions under tmp/"
    assert found.complete
    assert found.cannot_tell == ()
    assert lake.faults.count("ListObjectVersions") == 0


def test_the_rows_of_an_inventory_are_in_no_order(world: World) -> None:
    world.set_up(spec(versioning="Enabled"))
    rows = [
        row("k", 1, "2026-11-01", version="v1", latest=False),
        row("z", 9, "2026-11-01", version="v9"),
        row("k", 3, "2026-11-21", version="v3"),
        row("j", 0, "2026-11-02", version="m", marker=True),
        row("k", 2, "2026-11-10", version="v2", latest=False),
        row("j", 7, "2026-11-01", version="v7", latest=False),
    ]
    report(world, rows[:3], rows[3:])
    plan = world.plan(spec({"noncurrent_version_expiration": {"noncurrent_days": 10}}))
    # k: v1 since 11-10, v2 since 11-21; j: v7 since 11-02
    assert told(gather(world, plan, INVENTORY)) == [Amount(2, 8), Amount(2, 8), Amount(3, 10)]


def test_an_inventory_of_current_versions_says_what_it_lacks(world: World) -> None:
    world.set_up(spec(versioning="Enabled"))
    rows = [[NAME, "tmp/a", 3, "2026-01-01T00:00:00.000Z"]]
    old = NOW - timedelta(days=3)
    report(world, rows, columns=CURRENT_ONLY, creationTimestamp=str(int(old.timestamp() * 1000)))
    rules = {"expiration": {"days": 10}, "noncurrent_version_expiration": {"noncurrent_days": 365}}
    found = gather(world, world.plan(spec(rules)), INVENTORY)
    assert told(found, "hidden")[0] == Amount(1, 3)
    assert found.cannot_tell == (
        "the inventory has current versions only: what becomes of old ones cannot be told",
        "the inventory is 3 days old: what was written since is not in it",
    )


def test_without_version_ids_a_suspended_bucket_keeps_nothing(world: World) -> None:
    world.set_up(spec(TMP, versioning="Enabled"))
    report(world, [[NAME, "tmp/a", 3, "2026-11-20T00:00:00.000Z"]], columns=CURRENT_ONLY)
    found = gather(world, world.plan(spec(versioning="Suspended")), INVENTORY)
    assert told(found)[2] == Amount(1, 3)
    assert "the inventory has no version ids: what expires is counted as deleted for good" in found.cannot_tell


def test_an_inventory_is_not_read_beyond_the_limit(lake: World) -> None:
    report(lake, [row(f"tmp/{number}", 1, "2026-01-01") for number in range(5)])
    found = gather(lake, lake.plan(spec(TMP)), EvidenceAsked(False, (URL,), 3))
    assert (told(found)[0], found.complete) == (Amount(3, 3), False)


def test_an_inventory_of_another_bucket_is_not_taken_for_this_one(lake: World) -> None:
    report(lake, [row("tmp/a", 3, "2020-01-01")], sourceBucket="lake\x1b[2K")
    put(lake, ("tmp/b", 4))
    notices: list[str] = []
    plan = lake.plan(spec(TMP))
    why = cannot_tell(gather(lake, plan, INVENTORY, notice=notices.append))
    assert why == "no inventory that was named is about this bucket"
    assert notices == [f"{URL} is about 'lake\\x1b[2K', from which this plan takes nothing"]
    both = gather(lake, plan, EvidenceAsked(True, (URL,)), now=later(11))
    assert told(both)[0] == Amount(1, 4), "the listing is asked for too"


def wrong_sum() -> list[dict[str, Any]]:
    return [{"key": f"inv/{NAME}/daily/data/0.csv.gz", "size": 1, "MD5checksum": "0" * 32}]


GOOD = [row("tmp/a", 3, "2020-01-01")]
MANIFESTS: list[tuple[Any, dict[str, Any], str]] = [
    (GOOD, {"fileFormat": "ORC"}, "is an inventory in ORC: choose CSV as its format, or list the bucket"),
    (GOOD, {"fileFormat": "Parquet"}, "is an inventory in Parquet: choose CSV"),
    (GOOD, {"columns": ("Bucket", "Key", "Size")}, "has no LastModifiedDate: choose them as additional fields"),
    (GOOD, {"columns": ("Bucket", "Key")}, "has no Size and no LastModifiedDate"),
    (GOOD, {"creationTimestamp": "yesterday"}, "is not the manifest.json of an S3 Inventory report"),
    (GOOD, {"creationTimestamp": "9" * 30}, "is not the manifest.json of an S3 Inventory report"),
    (GOOD, {"files": None}, "is not the manifest.json of an S3 Inventory report"),
    (GOOD, {"files": [{"key": "gone", "MD5checksum": "x"}]}, f"s3://{REPORTS}/gone cannot be read: NoSuchKey"),
    (GOOD, {"files": wrong_sum()}, "is not the file that its manifest describes"),
    ([[NAME, "tmp/a"]], {}, "a row has 2 columns and the manifest 8"),
    ([row("tmp/a", 3, "someday")], {}, "cannot be read: Invalid isoformat string"),
    (b"no gzip at all", {}, "cannot be read: Not a gzipped file"),
    (csv_of(GOOD)[:-12], {}, "cannot be read: Compressed file ended"),
    (gzip.compress(b'"\xff\xfe"', mtime=0), {}, "cannot be read: 'utf-8' codec"),
]


@pytest.mark.parametrize(("rows", "manifest", "why"), MANIFESTS)
def test_an_inventory_that_cannot_be_used_is_not_nothing(
    lake: World, rows: Any, manifest: dict[str, Any], why: str
) -> None:
    report(lake, rows, **manifest)
    assert why in cannot_tell(gather(lake, lake.plan(spec(TMP)), INVENTORY))


@pytest.mark.parametrize("text", [b"no json", b"[]", b"{}", b"[" * 100_000, b"\xff"])
def test_a_manifest_that_is_none(lake: World, text: bytes) -> None:
    report(lake)
    lake.s3.put_object(Bucket=REPORTS, Key=URL.removeprefix(f"s3://{REPORTS}/"), Body=text)
    assert "is not the manifest.json" in cannot_tell(gather(lake, lake.plan(spec(TMP)), INVENTORY))


def test_a_report_that_may_not_be_read(lake: World) -> None:
    report(lake, GOOD)
    plan = lake.plan(spec(TMP))
    lake.faults.on("GetObject", error("AccessDenied", 403))
    assert "allow s3:GetObject" in cannot_tell(gather(lake, plan, INVENTORY))


def test_where_a_manifest_lies() -> None:
    assert place_of(URL) == (REPORTS, URL.removeprefix(f"s3://{REPORTS}/"))
    assert place_of("s3://b/a b/manifest.json") == ("b", "a b/manifest.json")
    assert [place_of(url) for url in ("", "s3://", "s3://b", "s3://b/", "https://b/k")] == [None] * 5
