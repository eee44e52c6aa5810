"""Buckets that go while somebody else works in them, or somebody stops the run: what was not reviewed stays."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.sandbox.behaviours import Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.emptied import EMPTIED, GONE, NAME, TOMBSTONE, is_there, keys_left, put, put_many, why
from tests.s3.faults import body
from tests.s3.world import World, results

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
