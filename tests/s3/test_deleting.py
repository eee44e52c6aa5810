"""Buckets that go: only what was reviewed, nothing that S3 keeps, and never more than the spec lets go."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.planning.contents import Entry
from reconciler.s3.deleting import PAGE, batch_of
from reconciler.sandbox.behaviours import Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.emptied import (
    EMPTIED,
    GONE,
    NAME,
    ODD_KEYS,
    TOMBSTONE,
    UNWRITABLE,
    applied,
    blocked,
    every_call_names_the_owner,
    is_gone,
    is_there,
    keys_left,
    put,
    put_many,
    switch_versioning,
    why,
)
from tests.s3.faults import body, denied, error
from tests.s3.lakes import EVERY_ASPECT, LAKE
from tests.s3.world import World, outcomes, results

# ── what goes ────────────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_with_nothing_in_it(lake: World) -> None:
    is_gone(lake, GONE)
    assert lake.faults.writes() == ["DeleteBucket"]


def test_a_bucket_that_never_was(world: World) -> None:
    assert world.plan(GONE).changes == ()
    plan = world.plan(TOMBSTONE)
    assert plan.changes == ()
    assert [finding.code for finding in plan.findings] == ["RCL3021"]
    assert world.faults.writes() == []


def test_a_bucket_with_everything_goes_with_nothing_but_its_manifest_in_it(world: World) -> None:
    world.set_up(EVERY_ASPECT)
    is_gone(world, EVERY_ASPECT | GONE)
    assert world.faults.writes() == ["DeleteObjects", "DeleteBucket"]


def test_every_edition_of_the_manifest_is_the_manifest(world: World) -> None:
    world.set_up(EVERY_ASPECT)
    world.set_up(EVERY_ASPECT | {"manifest": {"purpose": "A sea"}})
    world.set_up(EVERY_ASPECT | {"manifest": "absent"})
    assert len(keys_left(world)) == 3
    is_gone(world, GONE)


def test_a_manifest_under_another_key(world: World) -> None:
    described = {"manifest": {"key": "about/me.yaml", "purpose": "A lake"}}
    world.set_up(LAKE | described)
    assert "1 object" in blocked(world, GONE)
    is_gone(world, GONE | described)


@pytest.mark.parametrize(
    "text",
    ["precious", "purpose: A lake\n", "bucket: another\ncreated_at: x\n", f"bucket: {NAME}\n", "[1, 2]", "\x00", ""],
)
def test_what_only_lies_where_a_manifest_would_is_somebodys_data(lake: World, text: str) -> None:
    put(lake, "metadata/bucket-manifest.yaml", text=text)
    assert "the bucket is not empty: it holds 1 object" in blocked(lake, GONE)


def test_an_object_larger_than_any_manifest_is_not_read(lake: World) -> None:
    put(lake, "metadata/bucket-manifest.yaml", text="x" * (1024 * 1024 + 1))
    assert "1 object" in blocked(lake, GONE)
    assert lake.faults.of("GetObject") == []


def test_versions_and_delete_markers(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, "a", "a", "b")
    lake.s3.delete_object(Bucket=NAME, Key="b")
    assert "1 object, 2 old versions and 1 delete marker" in blocked(lake, GONE)
    is_gone(lake)


def test_nothing_but_delete_markers(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, "a")
    lake.s3.delete_object(Bucket=NAME, Key="a")
    [version] = lake.s3.list_object_versions(Bucket=NAME)["Versions"]
    lake.s3.delete_object(Bucket=NAME, Key="a", VersionId=version["VersionId"])
    assert "it holds 1 delete marker" in blocked(lake, GONE)
    is_gone(lake)


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_null_versions(lake: World, status: str) -> None:
    put(lake, "old", "both")
    switch_versioning(lake, "Enabled")
    put(lake, "both", "new")
    switch_versioning(lake, status)
    assert "3 objects and 1 old version" in blocked(lake, GONE)
    is_gone(lake)
    sent = lake.faults.of("DeleteObjects")[0].body
    assert sent.count(b"<VersionId>null</VersionId>") == 2
    assert sent.count(b"<VersionId>") == 4


def test_keys_of_every_kind(lake: World) -> None:
    put(lake, *ODD_KEYS)
    is_gone(lake)


def test_keys_of_every_kind_with_versions(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, *ODD_KEYS)
    for key in ODD_KEYS[::3]:
        lake.s3.delete_object(Bucket=NAME, Key=key)
    is_gone(lake)


@pytest.mark.parametrize("status", [None, "Enabled"])
def test_keys_that_no_xml_can_hold(lake: World, status: str | None) -> None:
    if status:
        switch_versioning(lake, status)
    put(lake, "a")
    items = "".join(
        f"<Version><Key>{quote_plus(key)}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
        f"<LastModified>2026-11-20T08:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size></Version>"
        for key in UNWRITABLE
    )
    listing = f"<ListVersionsResult><EncodingType>url</EncodingType>{items}</ListVersionsResult>"
    plan_and_review = 2
    for times in (plan_and_review, 1):
        lake.faults.on("ListObjectVersions", body(listing, 200, content_type="application/xml"), times=times)
    lake.faults.on("DeleteObject", body("", 204))
    plan = lake.plan(EMPTIED)
    assert plan.changes[0].consequences[0].startswith("deletes 3 objects (3 bytes)")
    result = lake.apply(plan)
    assert '"a" came into the bucket' in why(result)
    asked = lake.faults.of("DeleteObject")
    assert [request.key for request in asked] == [*UNWRITABLE]
    assert [request.query.get("versionId") for request in asked] == [("null" if status else None)] * 3
    assert {request.headers.get("if-match") for request in asked} == {None if status else '"e"'}
    assert lake.faults.count("DeleteObjects") == 0


def test_an_object_that_was_deleted_is_not_there_again_for_a_moment(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, "secret")
    lake.s3.delete_object(Bucket=NAME, Key="secret")
    is_gone(lake)
    first, second = lake.faults.of("DeleteObjects")
    assert first.body.count(b"<Object>") == second.body.count(b"<Object>") == 1
    assert first.body != second.body


@pytest.mark.usefixtures("quick")
def test_more_than_fit_into_one_call(lake: World) -> None:
    put_many(lake, 1100)
    plan = lake.plan(EMPTIED)
    assert plan.changes[0].consequences[0].startswith("deletes 1,100 objects")
    is_gone(lake)
    sent = [request.body.count(b"<Object>") for request in lake.faults.of("DeleteObjects")]
    assert sent == [1000, 100]


def test_uploads_that_nobody_finished(lake: World) -> None:
    for key in ("/odd key+", "b"):
        lake.s3.create_multipart_upload(Bucket=NAME, Key=key)
    assert "it holds 2 unfinished uploads" in blocked(lake, GONE)
    is_gone(lake)
    assert lake.faults.writes() == ["AbortMultipartUpload", "AbortMultipartUpload", "DeleteBucket"]


def test_millions_are_never_listed(lake: World) -> None:
    put_many(lake, 30)
    page = lake.s3.list_object_versions(Bucket=NAME, MaxKeys=10)
    lake.faults.on("ListObjectVersions", in_pages(10))
    lake.faults.forget()
    assert "more than 11 objects" not in blocked(lake, GONE)
    lake.faults.forget()
    plan = lake.plan(GONE | {"empty_first": True, "max_objects": 10})
    assert "the bucket holds more than 11 objects" in plan.blockers[0].why
    assert len(lake.faults.of("ListObjectVersions")) == 2
    assert lake.faults.of("HeadObject") == []
    assert page["IsTruncated"]


def in_pages(size: int) -> Callable[[S3Request, Memory, Ask], Answer]:
    """Lists only so many at a time."""

    def does(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        return ask(replace(request, query={**request.query, "max-keys": str(size)}))

    return does


def test_a_listing_in_pages(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, "a", "a", "a", "/b", "c d", "e")
    lake.faults.on("ListObjectVersions", in_pages(2))
    is_gone(lake)


# ── what stays ───────────────────────────────────────────────────────────────────────────────────────


def test_too_much_stays_whole(lake: World) -> None:
    put(lake, "a", "b")
    assert "`max_objects` allows 1" in blocked(lake, GONE | {"empty_first": True, "max_objects": 1})
    assert keys_left(lake) == ["a", "b"]


def test_a_bucket_that_no_spec_names_stays(world: World) -> None:
    """The spec of one of two buckets is taken out of the files: what is left says nothing of it."""
    world.set_up(LAKE)
    world.set_up(LAKE | {"name": "lake-two"})
    world.apply(*world.plans(LAKE | {"name": "lake-two", "state": "absent", "confirm_delete": "lake-two"}))
    assert is_there(world)
    assert [bucket for bucket in {request.bucket for request in world.faults.requests} if bucket == NAME] == []


def with_lock(world: World) -> None:
    world.s3.create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_retention_keeps_the_bucket(world: World, mode: str) -> None:
    with_lock(world)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    put(world, "a", ObjectLockMode=mode, ObjectLockRetainUntilDate=until)
    put(world, "b")
    said = blocked(world, EMPTIED)
    assert "1 version locked, the last until 20" in said
    every_call_names_the_owner(world)


def test_a_legal_hold_keeps_the_bucket(world: World) -> None:
    with_lock(world)
    put(world, "a", "b", ObjectLockLegalHoldStatus="ON")
    assert blocked(world, EMPTIED) == "2 versions on legal hold"


def test_object_lock_that_keeps_nothing_any_more_keeps_nothing(world: World) -> None:
    with_lock(world)
    put(world, "a", "b")
    is_gone(world)


def test_a_hold_that_came_after_the_plan(world: World) -> None:
    with_lock(world)
    put(world, "a", "b")
    plan = world.plan(EMPTIED)
    world.s3.put_object_legal_hold(Bucket=NAME, Key="b", LegalHold={"Status": "ON"})
    result = world.apply(plan)
    assert results(result) == {"bucket": "failed"}
    assert 'S3 has not deleted "b" (AccessDenied: ' in why(result)
    assert "none is ever bypassed" in why(result)
    assert keys_left(world) == ["b"]
    assert blocked(world, EMPTIED) == "1 version on legal hold"


def test_mfa_delete_keeps_what_is_in_the_bucket(lake: World) -> None:
    put(lake, "a")
    switch_versioning(lake, "Enabled", MFADelete="Enabled")
    assert "MFA delete is on" in blocked(lake, EMPTIED)


def test_a_bucket_of_somebody_else_stays(lake: World) -> None:
    lake.faults.on("ListBuckets", denied)
    lake.faults.on("HeadBucket", error("", 403))
    assert "belongs to somebody else" in blocked(lake, EMPTIED)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("ListObjectVersions", "s3:ListBucketVersions"),
        ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
        ("GetBucketVersioning", "s3:GetBucketVersioning"),
        ("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ],
)
def test_what_nobody_may_look_at_stays(lake: World, operation: str, action: str) -> None:
    put(lake, "a")
    lake.faults.on(operation, denied)
    plan = lake.plan(EMPTIED)
    assert plan.changes == ()
    assert plan.blockers[0].why == "what is in the bucket cannot be read: access denied"
    assert action in plan.blockers[0].remedy


# ── tombstones ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [None, "Enabled"])
def test_a_tombstone(world: World, status: str | None) -> None:
    world.set_up({name: value for name, value in EVERY_ASPECT.items() if name != "versioning"})
    if status:
        switch_versioning(world, status)
    put(world, "a", "b")
    world.s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration={"BlockPublicAcls": False})
    result = applied(world, EVERY_ASPECT | TOMBSTONE)
    assert result.exit_code == 0, outcomes(result)
    assert world.faults.writes()[:2] == ["PutPublicAccessBlock", "PutBucketPolicy"]
    assert {*world.faults.writes()[2:]} == {"DeleteObjects"}
    assert is_there(world)
    assert keys_left(world) == []
    block = world.s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert '"s3:PutObject"' in world.s3.get_bucket_policy(Bucket=NAME)["Policy"]
    assert world.s3.get_bucket_tagging(Bucket=NAME)["TagSet"] == [{"Key": "Owner", "Value": "data"}]
    again = world.plan(EVERY_ASPECT | TOMBSTONE)
    assert (again.changes, again.blockers, again.deletes) == ((), (), False)
    world.faults.forget()
    world.apply(again)
    assert world.faults.writes() == []


def test_a_tombstone_is_closed_before_it_is_emptied(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(TOMBSTONE)
    lake.faults.on("PutBucketPolicy", denied)
    result = lake.apply(plan)
    assert results(result)["bucket"] == "skipped"
    assert keys_left(lake) == ["a"]


def test_a_tombstone_can_be_deleted_later(lake: World) -> None:
    assert lake.make(TOMBSTONE).exit_code == 0
    is_gone(lake, GONE)


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("put", "delete", "on", "off", "upload")),
        st.sampled_from(("a", "/a", "//", "é+", "c d", "metadata/bucket-manifest.yaml")),
    ),
    max_size=12,
)


def do(world: World, deed: str, key: str) -> None:
    if deed == "put":
        put(world, key)
    elif deed == "delete":
        world.s3.delete_object(Bucket=NAME, Key=key)
    elif deed == "upload":
        world.s3.create_multipart_upload(Bucket=NAME, Key="upload")
    else:
        switch_versioning(world, "Enabled" if deed == "on" else "Suspended")


@given(deeds=DEEDS, tombstone=st.booleans(), later=st.none() | st.sampled_from(("a", "z")))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_it_goes_unless_it_has_changed(
    faithful: World, deeds: list[tuple[str, str]], tombstone: bool, later: str | None
) -> None:
    world = faithful
    world.reset()
    world.set_up(LAKE)
    for deed, key in deeds:
        do(world, deed, key)
    spec = TOMBSTONE if tombstone else EMPTIED
    plan = world.plan(spec)
    assert plan.blockers == (), deeds
    if later is not None:
        put(world, later, text="precious")
    result = world.apply(plan)
    if later is not None:
        assert result.exit_code != 0 or (tombstone and world.plan(spec).changes)
        assert world.s3.get_object(Bucket=NAME, Key=later)["Body"].read() == b"precious"
    else:
        assert result.exit_code == 0, outcomes(result)
        assert is_there(world) is tombstone
        assert world.plan(spec).changes == ()
    world.reset()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=PAGE + 5))
def test_of_every_page_something_goes_and_no_marker_before_what_it_hides(items: list[tuple[str, bool]]) -> None:
    """Pages as S3 lists them: by key, the newest first."""
    listed: list[Entry] = []
    for number, (key, marker) in enumerate(sorted(items, key=lambda item: item[0])):
        newest = not listed or listed[-1].key != key
        listed.append(Entry(key, str(number), is_marker=marker, is_latest=newest))
    while listed:
        page = listed[:PAGE]
        batch = batch_of(page)
        assert batch
        assert {*batch} <= {*page}
        listed = [entry for entry in listed if entry not in batch]
        for entry in batch:
            hides = [other for other in listed if other.key == entry.key and not other.is_marker]
            assert not (entry.is_marker and entry.is_latest and hides)
