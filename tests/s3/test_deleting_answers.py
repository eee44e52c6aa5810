"""Buckets that go where S3 answers oddly: errors inside a 200, lost answers, servers that are not AWS."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.endpoints.profiles import AWS, UNKNOWN
from reconciler.planning.outcomes import Result
from reconciler.sandbox.behaviours import Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Error, S3Request
from tests.s3.emptied import EMPTIED, GONE, NAME, blocked, is_gone, is_there, put, switch_versioning, why
from tests.s3.faults import body, error, falls_through, is_done_and_lost, never_arrives
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results

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
