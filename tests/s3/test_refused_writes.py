"""A write that S3 refuses for its rate waits for its turn, and whoever makes it looks again before the next try."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.s3.limiter import heed
from reconciler.s3.throttling import is_sent_once, sent_once
from tests.s3.faults import error
from tests.s3.lakes import LAKE
from tests.s3.world import World, results

SLOW = error("SlowDown", 503, "Please reduce your request rate.")
NAME = "lake-one"
THEIRS = [{"Key": "LegalHold", "Value": "do-not-delete"}]


def policy(sid: str) -> dict[str, Any]:
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{NAME}/x",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def refuse(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str, times: int, meanwhile: Callable[[], object]
) -> list[float]:
    """Refuse an operation so often; while its first pause lasts, somebody else is at work. When it was sent."""
    sent: list[float] = []
    somebody_else: list[bool] = []
    sleep = world.clock.sleep

    def rule(request: Any, memory: Any, ask: Any) -> Any:
        if somebody_else == [True]:
            return ask(request)
        sent.append(world.clock.now)
        return SLOW(request, memory, ask) if len(sent) <= times else ask(request)

    def nap(seconds: float) -> None:
        sleep(seconds)
        if sent and not somebody_else:
            somebody_else.append(True)
            meanwhile()
            somebody_else[:] = [False]

    world.faults.on(operation, rule)
    monkeypatch.setattr(world.clock, "sleep", nap)
    return sent


@pytest.mark.parametrize("times", [1, 7, 14])
def test_what_somebody_writes_meanwhile_is_not_written_over(
    world: World, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    world.set_up({**LAKE, "tags": {"Owner": "data"}})
    plan = world.plan({**LAKE, "tags": {"Owner": "lake"}})
    sent = refuse(
        world,
        monkeypatch,
        "PutBucketTagging",
        times,
        lambda: world.s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": THEIRS}),
    )
    assert results(world.apply(plan)) == {"tags": "failed"}
    assert world.s3.get_bucket_tagging(Bucket=NAME)["TagSet"] == THEIRS
    assert len(sent) == 1, "the look before the second try has shown it"


@pytest.mark.parametrize("times", [1, 14])
def test_a_bucket_that_somebody_creates_meanwhile_is_not_taken_for_ours(
    world: World, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    plan = world.plan({**LAKE, "tags": {"Owner": "lake"}, "policy": policy("Mine")})

    def somebody() -> None:
        world.s3.create_bucket(Bucket=NAME)
        world.s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy("Theirs")))

    refuse(world, monkeypatch, "CreateBucket", times, somebody)
    assert results(world.apply(plan))["bucket"] == "failed"
    assert "Theirs" in world.s3.get_bucket_policy(Bucket=NAME)["Policy"]


@pytest.mark.parametrize(("operation", "times"), [("PutBucketTagging", 7), ("CreateBucket", 7)])
def test_it_is_made_as_soon_as_it_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str, times: int
) -> None:
    if operation != "CreateBucket":
        world.set_up({**LAKE, "tags": {"Owner": "data"}})
    sent = refuse(world, monkeypatch, operation, times, lambda: None)
    assert {*results(world.apply(world.plan({**LAKE, "tags": {"Owner": "lake"}}))).values()} == {"applied"}
    assert len(sent) == times + 1


def test_a_server_that_never_takes_it_is_given_up_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.set_up({**LAKE, "tags": {"Owner": "data"}})
    refuse(world, monkeypatch, "PutBucketTagging", 10**6, lambda: None)
    began = world.clock.now
    assert results(world.apply(world.plan({**LAKE, "tags": {"Owner": "lake"}}))) == {"tags": "failed"}
    assert 300 <= world.clock.now - began < 900


def test_a_run_that_was_stopped_sends_nothing_again(world: World) -> None:
    world.set_up({**LAKE, "tags": {"Owner": "data"}})
    sent: list[Any] = []

    def rule(request: Any, memory: Any, ask: Any) -> Any:
        sent.append(request)
        stop.set()
        return SLOW(request, memory, ask)

    stop = Event()
    world.faults.on("GetBucketVersioning", rule)
    heed(stop)
    try:
        with pytest.raises(ClientError):
            world.clients.s3("us-east-1").get_bucket_versioning(Bucket=NAME)
    finally:
        heed()
    assert len(sent) == 1


def test_only_the_call_itself_is_sent_once() -> None:
    with sent_once():
        assert is_sent_once()
    assert not is_sent_once()
