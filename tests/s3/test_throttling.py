"""Calls that are refused or lost: which are made again, how often, and when that has an end."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import inf
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from reconciler.s3.clients import Clients
from reconciler.s3.limiter import Limiter
from reconciler.s3.reader import Reader
from reconciler.s3.throttling import ATTEMPTS, FIRST_REFUSAL, LONGEST_PAUSE, PATIENCE, TOO_OFTEN, jittered
from reconciler.sandbox.behaviours import Ask, Behaviour
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.faults import Rule, error, never_arrives
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results

REGION = "us-east-1"
SLOW_DOWN = error("SlowDown", 503, "Please reduce your request rate.")
REFUSALS: dict[str, Behaviour] = {
    "SlowDown": SLOW_DOWN,
    "503 without a word": error("", 503),
    "ServiceUnavailable": error("ServiceUnavailable", 503),
    "429": error("TooManyRequests", 429),
    "RequestLimitExceeded": error("RequestLimitExceeded", 400),
}
LOSSES: dict[str, Behaviour] = {
    "500": error("InternalError", 500),
    "502 and no XML": error("", 502),
    "504": error("", 504),
    "a timeout of the server's": error("RequestTimeout", 400),
    "reset": never_arrives,
}
FINAL: dict[str, Behaviour] = {
    "403": error("AccessDenied", 403),
    "404": error("NoSuchBucket", 404),
    "409": error("OperationAborted", 409),
    "501": error("NotImplemented", 501),
}


@dataclass
class Throttled:
    """Serves so many calls a second, by the clock of the world: whoever does not wait is refused."""

    world: World
    rate: float
    tokens: float = 10
    at: float = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        with self.lock:
            now = self.world.clock.now
            self.tokens, self.at = min(self.rate, self.tokens + (now - self.at) * self.rate), now
            refuses = self.tokens < 1
            self.refused += refuses
            self.tokens -= not refuses
        return SLOW_DOWN(request, memory, ask) if refuses else ask(request)


@pytest.fixture(params=["prepared", "boto3"])
def fleet(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Readers of either kind."""
    was = dict(world.clients._prepared)
    world.clients._prepared.clear()
    if request.param == "boto3":
        monkeypatch.setenv("RECONCILE_READER", "boto3")
    yield world
    world.clients._prepared.clear()
    world.clients._prepared.update(was)


def specs(number: int) -> list[dict[str, Any]]:
    documents = {"tags": {"a": "b"}, "versioning": "Enabled", "encryption": "AES256", "ownership_controls": "absent"}
    return [{"name": f"lake-{one:03}", "region": REGION, **documents} for one in range(number)]


# ── a fleet ──────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_throttled_account_every_bucket_is_read(fleet: World) -> None:
    wanted = specs(24)
    assert fleet.make(*wanted).exit_code == 0
    fleet.faults.forget()
    throttled, retries = Throttled(fleet, 25), fleet.clients.traffic.retries
    before = fleet.clients.traffic.total
    fleet.faults.rules.append(Rule(None, throttled, None, inf, 0))
    plans = fleet.plans(*wanted)
    assert {plan.action for plan in plans} == {Action.NONE}
    assert throttled.refused > 0, "it was throttled indeed"
    assert fleet.clients.traffic.retries - retries == throttled.refused
    assert len(fleet.faults.requests) == fleet.clients.traffic.total - before == 1 + 4 * 24 + throttled.refused


def test_in_a_throttled_account_every_bucket_is_applied(world: World) -> None:
    throttled = Throttled(world, 25)
    plans = world.plans(*specs(12))
    world.faults.rules.append(Rule(None, throttled, None, inf, 0))
    applied = world.apply(*plans)
    assert {outcome.result.value for outcome in applied.outcomes()} == {"applied"}
    assert throttled.refused > 0
    assert {plan.action for plan in world.plans(*specs(12))} == {Action.NONE}


def test_accounts_and_regions_have_limits_of_their_own() -> None:
    mine, theirs = Clients(region=REGION), Clients(region=REGION)
    limiters = [clients.limiter(region) for clients in (mine, theirs) for region in (REGION, "eu-west-1")]
    assert len(set(limiters)) == 4
    assert mine.limiter(REGION) is limiters[0]


def test_all_calls_of_a_region_share_one_limit(lake: World) -> None:
    """Prepared ones and boto3's, reads and writes: one that is refused slows down all."""
    lake.faults.on("PutBucketTagging", SLOW_DOWN, times=1)
    pace = lake.clients.limiter(REGION).pace
    assert lake.make(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"}).exit_code == 0
    assert pace.rate, "it has one from the first refusal on"
    before = pace._next
    lake.faults.forget()
    lake.plan(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"})
    assert pace._next - before == len(lake.faults.requests)


# ── one call ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_is_refused_is_put_back(lake: World, refusal: str) -> None:
    lake.faults.on("GetBucketTagging", REFUSALS[refusal], times=ATTEMPTS + 3)
    answer = tagging_of(lake)
    assert answer["ResponseMetadata"]["RetryAttempts"] == ATTEMPTS + 3


def test_a_head_that_is_refused_is_put_back(lake: World) -> None:
    lake.faults.on("HeadBucket", error("", 503), times=ATTEMPTS + 3)
    assert lake.clients.s3(REGION).head_bucket(Bucket="lake-one")["ResponseMetadata"]["RetryAttempts"] == ATTEMPTS + 3


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_has_five_tries(lake: World, loss: str) -> None:
    lake.faults.on("GetBucketTagging", LOSSES[loss])
    with pytest.raises((ClientError, ConnectionClosedError)) as raised:
        tagging_of(lake)
    assert lake.faults.count("GetBucketTagging") == ATTEMPTS
    if isinstance(raised.value, ClientError):
        assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == ATTEMPTS - 1
    assert lake.clients.limiter(REGION).pace.rate is None, "nothing was said about the rate"


def test_what_is_refused_in_between_takes_no_try_from_what_is_lost(lake: World) -> None:
    for _ in range(ATTEMPTS - 1):
        lake.faults.on("GetBucketTagging", SLOW_DOWN, times=2)
        lake.faults.on("GetBucketTagging", LOSSES["500"], times=1)
    assert tagging_of(lake)["ResponseMetadata"]["RetryAttempts"] == 3 * (ATTEMPTS - 1)


@pytest.mark.parametrize("answer", FINAL)
def test_everything_else_is_final(lake: World, answer: str) -> None:
    lake.faults.on("GetBucketTagging", FINAL[answer])
    with pytest.raises(ClientError) as raised:
        tagging_of(lake)
    assert lake.faults.count("GetBucketTagging") == 1
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_the_limiter_hears_of_each_try_once(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool | None] = []
    limiter = lake.clients.limiter(REGION)
    real_enter, real_leave = limiter.enter, limiter.leave

    def enter() -> None:
        told.append(None)
        real_enter()

    def leave(*, throttled: bool) -> None:
        told.append(throttled)
        real_leave(throttled=throttled)

    monkeypatch.setattr(limiter, "enter", enter)
    monkeypatch.setattr(limiter, "leave", leave)
    for act in (LOSSES["500"], SLOW_DOWN, LOSSES["reset"]):
        lake.faults.on("GetBucketTagging", act, times=1)
    tagging_of(lake)
    assert told == [None, False, None, True, None, False, None, False]
    tagging_of(lake)
    assert told[8:] == [None, False]


def test_a_client_in_a_hurry_neither_waits_nor_makes_others_wait(lake: World, no_pauses: None) -> None:
    lake.faults.on("GetBucketTagging", SLOW_DOWN)
    with closing(lake.clients.hasty_s3(REGION, 5)) as hasty, pytest.raises(ClientError):
        hasty.get_bucket_tagging(Bucket="lake-one")
    assert lake.faults.count("GetBucketTagging") == 2
    assert lake.clients.limiter(REGION).pace.rate is None


def tagging_of(lake: World) -> Any:
    """A call of boto3's, on a bucket that has tags."""
    lake.s3.put_bucket_tagging(Bucket="lake-one", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    return lake.clients.s3(REGION).get_bucket_tagging(Bucket="lake-one")


# ── when it has an end ───────────────────────────────────────────────────────────────────────────────


def test_a_server_that_has_served_nothing_is_not_waited_for(lake: World) -> None:
    lake.clients.limiter(REGION).served_at = None
    lake.faults.on("HeadBucket", error("", 503))
    with pytest.raises(ClientError, match="503"):
        lake.clients.s3(REGION).head_bucket(Bucket="lake-one")
    assert lake.faults.count("HeadBucket") == ATTEMPTS
    assert lake.clock.now < PATIENCE / 10


def test_where_nobody_is_served_any_more_it_has_an_end(lake: World) -> None:
    lake.faults.on("GetBucketTagging", SLOW_DOWN)
    began = lake.clock.now
    with pytest.raises(ClientError, match="SlowDown"):
        tagging_of(lake)
    assert PATIENCE <= lake.clock.now - began < PATIENCE + LONGEST_PAUSE + 1
    assert lake.faults.count("GetBucketTagging") < TOO_OFTEN, "the server is not asked more often than need be"


def test_a_call_that_is_never_served_has_an_end_although_others_are(lake: World) -> None:
    limiter = lake.clients.limiter(REGION)

    def refuses(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        limiter.served_at = lake.clock.now  # somebody else
        return SLOW_DOWN(request, memory, ask)

    lake.faults.on("GetBucketTagging", refuses)
    began = lake.clock.now
    with pytest.raises(ClientError, match="SlowDown"):
        tagging_of(lake)
    assert lake.clock.now - began > PATIENCE, "which is not said too early"
    assert lake.faults.count("GetBucketTagging") == TOO_OFTEN


def test_a_bucket_that_is_never_served_fails_alone(world: World) -> None:
    wanted = [{"name": f"lake-{one}", "region": REGION, "tags": {"a": "b"}} for one in ("one", "two", "three")]
    plans = world.plans(*wanted)
    world.faults.on("PutBucketTagging", SLOW_DOWN, bucket="lake-two")
    for plan in plans:
        world.s3.create_bucket(Bucket=plan.name)
    applied = world.apply(*world.plans(*wanted))
    assert {name: results(applied, name)["tags"] for name in ("lake-one", "lake-two", "lake-three")} == {
        "lake-one": "applied",
        "lake-two": "failed",
        "lake-three": "applied",
    }
    assert "SlowDown" in outcomes(applied, "lake-two")["tags"].why


@pytest.mark.parametrize("times", range(1, 40))
def test_pauses_grow_and_stay_below_a_limit(times: int) -> None:
    longest = min(FIRST_REFUSAL * 2 ** (times - 1), LONGEST_PAUSE)
    assert longest / 2 <= jittered(FIRST_REFUSAL, times) <= longest
    assert jittered(FIRST_REFUSAL, -times) == 0


# ── when the run is stopped ──────────────────────────────────────────────────────────────────────────


def test_a_refused_write_is_not_waited_for_once_the_run_is_stopped(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"})
    executor = lake.executor()
    tries: list[S3Request] = []

    def refuses(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        tries.append(request)
        if len(tries) == 3:
            executor.stop.set()
        return SLOW_DOWN(request, memory, ask)

    lake.faults.on("PutBucketTagging", refuses)
    lake.faults.on("PutBucketVersioning", refuses)
    applied = executor.apply([plan])
    assert len(tries) == 3
    assert sorted(results(applied).values()) == ["failed", "skipped"]
    assert any("SlowDown" in outcome.why for outcome in applied.outcomes())


def test_what_waits_for_its_turn_is_not_sent_once_the_run_is_stopped(
    lake: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock may be gone by then: nothing may be written after it."""
    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    executor, limiter = lake.executor(), lake.clients.limiter(REGION)
    monkeypatch.setattr(limiter, "sleep", lambda _: executor.stop.set())
    lake.faults.forget()

    def refused(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        answer = ask(request)
        limiter.leave(throttled=True)  # somebody else's call
        limiter.pace.take(lake.clock.now)
        return answer

    lake.faults.on("GetBucketTagging", refused, times=1)
    applied = executor.apply([plan])
    assert results(applied) == {"tags": "failed"}
    assert "not sent: the run was stopped" in outcomes(applied)["tags"].why
    assert lake.faults.writes() == []


def test_whoever_stops_reading_waits_for_no_turn(lake: World) -> None:
    """Time stands still here: whoever waits does so until they hear that nobody wants it any more."""
    clients = Clients(region=REGION, endpoint_url=lake.clients.endpoint_url)
    waiting, tick = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        waiting.set()
        tick.wait(0.001)

    limiter = Limiter(lambda: 0.0, sleep)
    clients.new_limiter = lambda: limiter
    limiter.leave(throttled=True)
    limiter.enter()
    asks_for_nothing = BucketSpec.model_validate({"name": "lake-none", "region": REGION})
    asks = BucketSpec.model_validate(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"})
    listing = {"lake-none": REGION, "lake-one": REGION}
    lake.faults.forget()
    with closing(clients), closing(Reader(clients, lake.identity).each([asks_for_nothing, asks], listing)) as found:
        assert next(found).name == "lake-none"
        assert waiting.wait(20)
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("read-")]:
        thread.join(20)
        assert not thread.is_alive()
    assert lake.faults.requests == []
