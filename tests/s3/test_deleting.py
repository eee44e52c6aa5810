"""Buckets that go: only what was reviewed, nothing that S3 keeps, and never more than the spec lets go."""

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.s3.models import s3_backends

from reconciler.endpoints.profiles import AWS, UNKNOWN
from reconciler.planning.changeset import Action
from reconciler.planning.contents import Entry
from reconciler.planning.outcomes import Applied, Result
from reconciler.s3.deleting import PAGE, batch_of
from reconciler.sandbox.behaviours import Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Error, S3Request
from tests.s3.faults import body, denied, error, falls_through, is_done_and_lost, never_arrives
from tests.s3.lakes import EVERY_ASPECT, LAKE
from tests.s3.world import World, outcomes, results

NAME: str = LAKE["name"]
GONE: dict[str, Any] = LAKE | {"state": "absent", "confirm_delete": NAME}
EMPTIED: dict[str, Any] = GONE | {"empty_first": True, "max_objects": 3000}
TOMBSTONE: dict[str, Any] = EMPTIED | {"tombstone": True}
ODD_KEYS = (
    *("/", "//a", "/leading", "trailing/", "a//b", ".", "..", "a/../b"),
    *("a b", "a+b", "a%20b", "a%2Bb", "a&b<c>\"'", "tab\there", "é/ü/漢字", "😀", "?x=y", "#z", " ", "x" * 1024),
)
UNWRITABLE = ("bell\x07", "\x1b[2J/", "\ufffe")
"""Keys that S3 takes and XML cannot hold. moto cannot list them: it is told what to answer."""


def put(world: World, *keys: str, text: str = "x", **params: Any) -> None:
    for key in keys:
        world.s3.put_object(Bucket=NAME, Key=key, Body=text.encode(), **params)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto copies every object for every page of a listing, with all that is in it."""
    monkeypatch.setattr("moto.s3.models.copy", SimpleNamespace(deepcopy=copy))


def put_many(world: World, number: int) -> None:
    """More objects than anybody wants to wait for."""
    for position in range(number):
        s3_backends["123456789012"]["aws"].put_object(NAME, f"{position:05}", b"x")


def switch_versioning(world: World, status: str, **params: Any) -> None:
    document = {"Status": status, **params}
    extra = {"MFA": "serial 123456"} if "MFADelete" in params else {}
    world.s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=document, **extra)


def keys_left(world: World) -> list[str]:
    """Every version and delete marker, by key."""
    found = world.s3.list_object_versions(Bucket=NAME)
    return sorted(item["Key"] for kind in ("Versions", "DeleteMarkers") for item in found.get(kind, []))


def is_there(world: World) -> bool:
    return NAME in {bucket["Name"] for bucket in world.s3.list_buckets()["Buckets"]}


def applied(world: World, spec: dict[str, Any]) -> Applied:
    """Plan and apply what nothing is in the way of."""
    plan = world.plan(spec)
    assert plan.blockers == ()
    world.faults.forget()
    return world.apply(plan)


def blocked(world: World, spec: dict[str, Any]) -> str:
    """Why nothing is done; nothing is."""
    plan = world.plan(spec)
    assert plan.changes == ()
    world.faults.forget()
    world.apply(plan)
    assert world.faults.writes() == []
    return "; ".join(blocker.why for blocker in plan.blockers)


def is_gone(world: World, spec: dict[str, Any] = EMPTIED) -> None:
    """The bucket goes, and then nothing is left to do."""
    result = applied(world, spec)
    assert result.exit_code == 0, outcomes(result)
    every_call_names_the_owner(world)
    assert not is_there(world)
    again = world.plan(spec)
    assert (again.changes, again.blockers, again.action) == ((), (), Action.NONE)


def why(result: Applied) -> str:
    return outcomes(result)["bucket"].why


def every_call_names_the_owner(world: World) -> None:
    for request in world.faults.requests:
        if request.bucket:
            assert request.headers.get("x-amz-expected-bucket-owner") == "123456789012", request
        assert "x-amz-bypass-governance-retention" not in request.headers


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


# ── somebody else ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", [EMPTIED, TOMBSTONE])
def test_what_comes_between_plan_and_apply_stops_everything(lake: World, spec: dict[str, Any]) -> None:
    put(lake, "a", "b")
    plan = lake.plan(spec)
    put(lake, "new")
    result = lake.apply(plan)
    assert results(result)["bucket"] == "failed"
    assert "somebody has changed what is in the bucket since it was read" in why(result)
    assert keys_left(lake) == ["a", "b", "new"]
    assert lake.plan(spec).live["contents"] != plan.live["contents"]


def test_an_object_that_was_written_over_between_plan_and_apply(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    put(lake, "a", text="precious")
    assert results(lake.apply(plan)) == {"bucket": "failed"}
    assert lake.s3.get_object(Bucket=NAME, Key="a")["Body"].read() == b"precious"


def test_an_object_in_a_bucket_that_was_empty(lake: World) -> None:
    plan = lake.plan(GONE)
    put(lake, "new")
    result = lake.apply(plan)
    assert results(result) == {"bucket": "failed"}
    assert '"new" came into the bucket since it was read, and was not touched' in why(result)
    assert keys_left(lake) == ["new"]


def test_an_upload_that_was_begun_since(lake: World) -> None:
    plan = lake.plan(GONE)
    lake.s3.create_multipart_upload(Bucket=NAME, Key="new")
    result = lake.apply(plan)
    assert "somebody has begun an upload since this was read" in why(result)
    assert is_there(lake)


def test_another_upload_than_was_reviewed(lake: World) -> None:
    lake.s3.create_multipart_upload(Bucket=NAME, Key="a")
    plan = lake.plan(EMPTIED)
    lake.s3.create_multipart_upload(Bucket=NAME, Key="b")
    result = lake.apply(plan)
    assert "other uploads are under way than when this was read" in why(result)
    assert len(lake.s3.list_multipart_uploads(Bucket=NAME)["Uploads"]) == 2


def test_an_upload_that_was_finished_since_is_an_object(lake: World) -> None:
    upload = lake.s3.create_multipart_upload(Bucket=NAME, Key="a")["UploadId"]
    part = lake.s3.upload_part(Bucket=NAME, Key="a", UploadId=upload, PartNumber=1, Body=b"x")
    plan = lake.plan(EMPTIED)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    lake.s3.complete_multipart_upload(Bucket=NAME, Key="a", UploadId=upload, MultipartUpload=parts)
    assert results(lake.apply(plan)) == {"bucket": "failed"}
    assert keys_left(lake) == ["a"]


def first_puts(key: str, text: bytes) -> Callable[[S3Request, Memory, Ask], Answer]:
    """Somebody writes an object right before this is served."""

    def does(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        ask(replace(request.of_object(key, method="PUT"), body=text))
        return ask(request)

    return does


def test_what_comes_while_the_bucket_is_emptied_is_not_touched(lake: World) -> None:
    put(lake, "a", "b")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", first_puts("new", b"precious"), times=1)
    result = lake.apply(plan)
    assert '"new" came into the bucket since it was read, and was not touched' in why(result)
    assert keys_left(lake) == ["new"]


def test_what_is_written_over_while_the_bucket_is_emptied_is_not_deleted(lake: World) -> None:
    """The condition is S3's own: what it deletes is what was reviewed, or nothing."""
    put(lake, "a", "b")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", first_puts("a", b"precious"), times=1)
    result = lake.apply(plan)
    assert 'S3 has not deleted "a" (PreconditionFailed' in why(result)
    assert lake.s3.get_object(Bucket=NAME, Key="a")["Body"].read() == b"precious"


def test_what_comes_right_before_the_bucket_goes(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteBucket", first_puts("new", b"x"), times=1)
    result = lake.apply(plan)
    assert '"new" came into the bucket' in why(result)
    assert keys_left(lake) == ["new"]


def test_a_bucket_that_somebody_else_has_deleted(lake: World) -> None:
    plan = lake.plan(GONE)
    lake.s3.delete_bucket(Bucket=NAME)
    assert results(lake.apply(plan)) == {"bucket": "applied"}


def test_a_listing_of_buckets_that_is_behind(lake: World) -> None:
    """S3 may list a bucket for a while that is gone."""
    listing = lake.s3.list_buckets(MaxBuckets=100)
    assert listing["Buckets"]
    xml = (
        "<ListAllMyBucketsResult><Buckets><Bucket>"
        f"<BucketRegion>us-east-1</BucketRegion><Name>{NAME}</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    )
    lake.s3.delete_bucket(Bucket=NAME)
    lake.faults.on("ListBuckets", body(xml, 200, content_type="application/xml"))
    plan = lake.plan(EMPTIED)
    assert (plan.changes, plan.blockers) == ((), ())


# ── errors inside a 200, and answers that do not come ────────────────────────────────────────────────


def errors_of(*keys: str, code: str = "AccessDenied") -> Callable[[S3Request, Memory, Ask], Answer]:
    """A 200 that says of each key that it was not deleted."""
    items = "".join(f"<Error><Key>{key}</Key><Code>{code}</Code><Message>no</Message></Error>" for key in keys)
    return body(f"<DeleteResult>{items}</DeleteResult>", 200, content_type="application/xml")


def test_errors_inside_a_200_are_seen(lake: World) -> None:
    put(lake, *"abcdefg")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", errors_of(*"abcdefg"))
    result = lake.apply(plan)
    assert 'S3 has not deleted "a", "b", "c", "d", "e" and 2 more (AccessDenied: no)' in why(result)
    assert is_there(lake)
    assert lake.faults.count("DeleteBucket") == 0


def test_keys_are_told_so_that_no_terminal_minds(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", errors_of("&#xA;::error::" + "y" * 500))
    result = lake.apply(plan)
    assert all(sign.isprintable() for sign in why(result))
    assert len(why(result)) < 600


def test_what_passes_by_itself_inside_a_200_is_asked_again(lake: World) -> None:
    put(lake, "a", "b")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", errors_of("a", "b", code="InternalError"), times=2)
    assert results(lake.apply(plan)) == {"bucket": "applied"}
    assert lake.clock.naps


def test_what_does_not_pass_inside_a_200_is_told(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", errors_of("a", code="SlowDown"))
    assert 'S3 has not deleted "a" (SlowDown: no)' in why(lake.apply(plan))


def test_what_is_gone_already_is_no_error(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)

    def does(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        ask(request)
        return errors_of("a", code="NoSuchKey")(request, memory, ask)

    lake.faults.on("DeleteObjects", does)
    assert results(lake.apply(plan)) == {"bucket": "applied"}


def test_a_server_that_says_yes_and_does_nothing(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteObjects", errors_of())
    assert "S3 still lists 1 version that it was asked to delete" in why(lake.apply(plan))


@pytest.mark.parametrize("operation", ["DeleteObjects", "DeleteBucket", "AbortMultipartUpload"])
@pytest.mark.parametrize("act", [is_done_and_lost, never_arrives], ids=["done and lost", "never arrives"])
def test_an_answer_that_got_lost(hostile: World, operation: str, act: Any) -> None:
    """On a wire without waiting: every try of one call is lost."""
    world = hostile
    world.hostility.does = ()  # type: ignore[attr-defined]
    world.set_up(LAKE)
    put(world, "a", "b")
    world.s3.create_multipart_upload(Bucket=NAME, Key="c")
    plan = world.plan(EMPTIED)
    world.faults.on(operation, act, times=5)
    first = world.apply(plan)
    assert outcomes(first)["bucket"].result in (Result.APPLIED, Result.FAILED)
    world.faults.reset()
    plan = world.plan(EMPTIED)
    assert plan.blockers == ()
    assert world.apply(plan).exit_code == 0
    assert not is_there(world)


def test_an_upload_that_was_aborted_by_somebody_else(lake: World) -> None:
    lake.s3.create_multipart_upload(Bucket=NAME, Key="a")
    plan = lake.plan(EMPTIED)

    def gone(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        ask(request)
        raise S3Error("NoSuchUpload", "gone")

    lake.faults.on("AbortMultipartUpload", gone)
    assert results(lake.apply(plan)) == {"bucket": "applied"}


def test_a_bucket_that_is_busy(lake: World) -> None:
    lake.faults.on("DeleteBucket", error("OperationAborted", 409), times=3)
    is_gone(lake, GONE)


def test_a_bucket_that_is_empty_and_not_seen_so_at_once(lake: World) -> None:
    put(lake, "a")
    plan = lake.plan(EMPTIED)
    lake.faults.on("DeleteBucket", error("BucketNotEmpty", 409), times=2)
    assert results(lake.apply(plan)) == {"bucket": "applied"}


def test_a_bucket_that_something_unseen_keeps(lake: World) -> None:
    lake.faults.on("DeleteBucket", error("BucketNotEmpty", 409))
    result = lake.make(GONE)
    assert "BucketNotEmpty" in why(result)


# ── stopped in the middle ────────────────────────────────────────────────────────────────────────────


def test_what_was_stopped_in_the_middle_is_finished_by_the_next_run(
    lake: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.s3.deleting.PAGE", 10)
    put_many(lake, 12)
    plan = lake.plan(EMPTIED)
    stop = threading.Event()

    def stops(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        stop.set()
        return ask(request)

    lake.faults.on("DeleteObjects", stops, times=1)
    result = lake.apply(plan, patience=lake.clock.patience(stop=stop))
    assert "the run was stopped after 10 of 12 deletions" in why(result)
    assert lake.faults.count("DeleteObjects") == 1
    again = lake.plan(EMPTIED)
    assert again.changes[0].consequences[0].startswith("deletes 2 objects")
    assert lake.apply(again).exit_code == 0
    assert not is_there(lake)


def test_uploads_are_left_when_the_run_is_stopped(lake: World) -> None:
    lake.s3.create_multipart_upload(Bucket=NAME, Key="a")
    lake.s3.create_multipart_upload(Bucket=NAME, Key="b")
    plan = lake.plan(EMPTIED)
    stop = threading.Event()

    def stops(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        stop.set()
        return ask(request)

    lake.faults.on("AbortMultipartUpload", stops, times=1)
    result = lake.apply(plan, patience=lake.clock.patience(stop=stop))
    assert "the run was stopped after 1 of 2 deletions" in why(result)


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


# ── other servers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("act", [error("NotImplemented", 501), falls_through], ids=["says so", "falls through"])
def test_a_server_that_lists_no_versions(lake: World, act: Any) -> None:
    put(lake, "/a", "b c", "d")
    lake.faults.on("ListObjectVersions", act)
    plan = lake.plan(EMPTIED)
    assert plan.changes[0].consequences[0].startswith("deletes 3 objects")
    assert lake.apply(plan).exit_code == 0
    assert not is_there(lake)


def test_a_server_that_has_versions_and_lists_none(lake: World) -> None:
    switch_versioning(lake, "Enabled")
    put(lake, "a")
    lake.faults.on("ListObjectVersions", error("NotImplemented", 501))
    assert "what is in the bucket cannot be read" in blocked(lake, EMPTIED)


def test_a_server_that_cuts_its_listing_short(lake: World) -> None:
    put(lake, "a")
    cut = "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>"
    lake.faults.on("ListObjectVersions", body(cut, 200, content_type="application/xml"))
    assert "does not say NextKeyMarker" in blocked(lake, EMPTIED)


def test_a_server_without_object_lock(lake: World) -> None:
    put(lake, "a")
    lake.faults.on("GetObjectLockConfiguration", error("NotImplemented", 501))
    is_gone(lake)


@pytest.mark.parametrize(("profile", "conditional"), [(AWS, True), (UNKNOWN, False)])
def test_a_condition_is_only_sent_where_it_is_understood(lake: World, profile: Any, conditional: bool) -> None:
    put(lake, "a")
    usual = lake.identity
    lake.identity = replace(usual, profile=profile)
    try:
        is_gone(lake)
    finally:
        lake.identity = usual
    assert (b"<ETag>" in lake.faults.of("DeleteObjects")[0].body) is conditional


def test_bare_moto(plain_moto: World) -> None:
    plain_moto.set_up(LAKE)
    put(plain_moto, "/a", "b")
    assert plain_moto.make(EMPTIED).exit_code == 0
    assert not is_there(plain_moto)


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
