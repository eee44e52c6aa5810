"""The lock: one run at a time, by an object that expires by the server's clock."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode, Locked, ReconcileError
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.outcomes import Applied
from reconciler.run import Planned, carry_out
from reconciler.s3.lock import BEAT, HeldLock, now
from reconciler.sandbox.behaviours import Behaviour
from reconciler.sandbox.messages import Answer
from reconciler.settings import Lock
from tests.s3.faults import error, is_done_and_lost, never_arrives
from tests.s3.lakes import LAKE
from tests.s3.world import World, results

pytestmark = pytest.mark.usefixtures("no_pauses")

LOCK = Lock.model_validate({"bucket": "team-locks", "expires_after": "2m"})
KEY = LOCK.key


@pytest.fixture
def locks(lake: World) -> World:
    """A world with a bucket to lock with."""
    lake.s3.create_bucket(Bucket="team-locks")
    lake.faults.forget()
    return lake


def lock_of(world: World, lost: list[str] | None = None, lock: Lock = LOCK) -> HeldLock:
    told = lost if lost is not None else []
    return HeldLock(lock, world.clients, world.identity, lambda why, _: told.append(why), pause=lambda _: None)


def what_it_says(world: World) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(world.s3.get_object(Bucket="team-locks", Key=KEY)["Body"].read())
    return said


def is_there(world: World) -> bool:
    return "Contents" in world.s3.list_objects_v2(Bucket="team-locks")


def aged(seconds: float) -> Behaviour:
    """The server's clock goes on: what it holds was written so many seconds ago."""

    def does(request: Any, memory: Any, ask: Any) -> Answer:
        answer: Answer = ask(request)
        if not answer.succeeded:
            return answer
        then = datetime.now(UTC) - timedelta(seconds=seconds)
        return Answer(
            answer.status, {**answer.headers, "last-modified": format_datetime(then, usegmt=True)}, answer.body
        )

    return does


# ── taken and released ───────────────────────────────────────────────────────────────────────────────


def test_it_is_there_while_a_run_goes_on_and_says_whose_it_is(locks: World) -> None:
    with lock_of(locks) as held:
        said = what_it_says(locks)
        assert "@" in said["owner"]
        assert "process" in said["owner"]
        assert said["run"] == held.run
        assert said["caller"] == locks.identity.caller
        assert said["expires_after"] == 120
    assert not is_there(locks)
    assert [request.headers["x-amz-expected-bucket-owner"] for request in locks.faults.of("PutObject")]
    assert all("if-match" in request.headers for request in locks.faults.of("DeleteObject"))


def test_the_second_run_is_told_who_holds_it(locks: World) -> None:
    with lock_of(locks), pytest.raises(Locked) as refusal, lock_of(locks):
        pass
    assert refusal.value.code == "RCL5005"
    assert refusal.value.exit_code == ExitCode.REFUSED
    assert "the lock s3://team-locks/reconcile.lock is held by " in refusal.value.message
    assert "since 20" in refusal.value.message
    assert "it expires at 20" in refusal.value.message
    assert refusal.value.remedy
    with lock_of(locks):
        pass


PATIENT = LOCK.model_copy(update={"wait": 60})


def waiting(world: World, meanwhile: Callable[[int], object]) -> tuple[HeldLock, list[str]]:
    """A run that waits for the lock, and what it tells; time goes by as it pauses."""
    told: list[str] = []
    passed = [0.0]

    def pause(seconds: float) -> None:
        passed.append(passed[-1] + seconds)
        meanwhile(len(passed) - 1)

    held = HeldLock(
        PATIENT, world.clients, world.identity, lambda *_: None,
        notice=told.append, pause=pause, clock=lambda: passed[-1],
    )  # fmt: skip
    return held, told


def test_whoever_waits_gets_it_when_the_other_run_ends(locks: World) -> None:
    first = lock_of(locks)
    first.__enter__()
    second, told = waiting(locks, lambda times: first.__exit__(None, None, None) if times == 3 else None)
    with second:
        assert what_it_says(locks)["run"] == second.run
    [said] = told
    assert said.startswith(f"Waiting for the lock s3://team-locks/{KEY}, which is held by ")
    assert not is_there(locks)


def test_whoever_has_waited_long_enough_gives_up(locks: World) -> None:
    with lock_of(locks) as first:
        second, told = waiting(locks, lambda times: None)
        with pytest.raises(Locked, match="is held by"), second:
            pass
        assert second.clock() == 60
        assert len(told) == 1
        assert what_it_says(locks)["run"] == first.run


def test_whoever_waits_may_lose_to_others_many_times(locks: World) -> None:
    """Ten shards wait for the same lock, and one of them gets it each time."""
    others: list[HeldLock] = []

    def one_goes_and_another_comes(times: int) -> None:
        for other in others:
            other.__exit__(None, None, None)
        others.clear()
        if times < 9:
            others.append(lock_of(locks).__enter__())

    others.append(lock_of(locks).__enter__())
    second, told = waiting(locks, one_goes_and_another_comes)
    with second:
        assert what_it_says(locks)["run"] == second.run
    assert len(told) == 1


def test_two_at_once_and_one_of_them_gets_it(locks: World) -> None:
    got: list[bool] = []
    begin, done = threading.Barrier(6), threading.Barrier(6)

    def run() -> None:
        held = lock_of(locks)
        begin.wait()
        try:
            with held:
                got.append(True)
                done.wait()
        except Locked:
            got.append(False)
            done.wait()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]


@pytest.mark.parametrize("how", [is_done_and_lost, never_arrives])
def test_a_write_whose_answer_was_lost_is_settled_by_reading(locks: World, how: Behaviour) -> None:
    for whole in (False, True):
        locks.faults.on("PutObject", how, times=1, whole=whole)
        with lock_of(locks) as held:
            assert what_it_says(locks)["run"] == held.run
        assert not is_there(locks)


@pytest.mark.parametrize("times", [1, 3])
def test_a_conflict_is_tried_again(locks: World, times: int) -> None:
    locks.faults.on("PutObject", error("ConditionalRequestConflict", 409), times=times)
    with lock_of(locks):
        assert is_there(locks)


def test_a_conflict_that_does_not_end_is_a_lock_that_others_hold(locks: World) -> None:
    locks.faults.on("PutObject", error("ConditionalRequestConflict", 409))
    with pytest.raises(Locked), lock_of(locks):
        pass


def test_a_release_that_fails_is_no_failure(locks: World) -> None:
    locks.faults.on("DeleteObject", error("InternalError", 500))
    with lock_of(locks):
        pass
    assert is_there(locks)


def test_a_run_that_fails_releases_it_and_one_that_is_stopped_at_once_does_not(locks: World) -> None:
    with pytest.raises(ZeroDivisionError), lock_of(locks):
        raise ZeroDivisionError
    assert not is_there(locks)
    with lock_of(locks) as held:
        held.leave()
    assert is_there(locks), "its calls may still be under way"


# ── expiry ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def left_behind(locks: World) -> World:
    """The lock of a run that died."""
    with lock_of(locks) as held:
        held.leave()
    return locks


def test_an_expired_lock_is_taken_over(left_behind: World) -> None:
    before = what_it_says(left_behind)["run"]
    left_behind.faults.on("GetObject", aged(121), times=1)
    with lock_of(left_behind) as held:
        assert what_it_says(left_behind)["run"] == held.run != before
    assert "if-match" in next(r for r in left_behind.faults.of("PutObject") if "if-match" in r.headers).headers
    assert not is_there(left_behind)


def test_a_lock_is_good_for_as_long_as_it_says_itself(left_behind: World) -> None:
    """Not as long as the settings of whoever meets it say; and the local clock says nothing."""
    hasty = Lock.model_validate({"bucket": "team-locks", "expires_after": "15s"})
    left_behind.faults.on("GetObject", aged(60))
    with pytest.raises(Locked), lock_of(left_behind, lock=hasty):
        pass


def test_only_one_takes_over(left_behind: World) -> None:
    """Somebody was faster: If-Match does not hold any more."""
    left_behind.faults.on("GetObject", aged(121), times=1)
    left_behind.faults.on("PutObject", error("PreconditionFailed", 412), times=1)
    with pytest.raises(Locked), lock_of(left_behind):
        pass


def test_a_server_that_tells_no_time_lets_nothing_expire(left_behind: World) -> None:
    held = lock_of(left_behind)
    client = held.client
    client.meta.events.register(
        "before-parse.s3.GetObject", lambda response_dict, **_: response_dict["headers"].pop("date", None)
    )
    left_behind.faults.on("GetObject", aged(10_000))
    with pytest.raises(Locked), held:
        pass


# ── heartbeats ───────────────────────────────────────────────────────────────────────────────────────


def test_a_heartbeat_renews_it(locks: World) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        first, etag = what_it_says(locks), held.etag
        assert held.renew()
        assert what_it_says(locks)["beats"] > first["beats"]
        assert held.etag != etag
    assert lost == []
    assert not is_there(locks)


def test_heartbeats_go_on_by_themselves(locks: World, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = threading.Semaphore(0)
    held = lock_of(locks)

    def beat() -> bool:
        beats.release()
        return True

    monkeypatch.setattr(held, "renew", beat)
    monkeypatch.setattr(held._over, "wait", lambda seconds: held._over.is_set())
    with held:
        for _ in range(3):
            assert beats.acquire(timeout=20)
    assert not held._heart.is_alive()


def taken_over(world: World) -> None:
    world.s3.put_object(
        Bucket="team-locks", Key=KEY, Body=json.dumps(what_it_says(world) | {"run": "x", "owner": "eve"})
    )


def deleted(world: World) -> None:
    world.s3.delete_object(Bucket="team-locks", Key=KEY)


def replaced(world: World) -> None:
    world.s3.put_object(Bucket="team-locks", Key=KEY, Body=b"hello")


@pytest.mark.parametrize(
    ("deed", "why"),
    [(taken_over, "eve has taken it over"), (deleted, "somebody has deleted it"), (replaced, "is no lock")],
)
def test_a_lock_that_is_lost_stops_the_run(locks: World, deed: Any, why: str) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        deed(locks)
        assert not held.renew()
    assert why in lost[0]
    assert is_there(locks) == (deed is not deleted), "what is not ours is not deleted"


def test_a_heartbeat_whose_answer_was_lost_is_no_loss(locks: World) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        locks.faults.on("PutObject", is_done_and_lost, times=1)
        assert held.renew()
        locks.faults.on("PutObject", is_done_and_lost, times=1, whole=True)
        assert held.renew()
        assert held.renew()
    assert lost == []
    assert not is_there(locks)


def test_a_lock_that_cannot_be_renewed_in_time_stops_the_run(locks: World) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        locks.faults.on("PutObject", error("InternalError", 500))
        assert held.renew(), "there is time for another heartbeat"
        held.renewed -= 80
        assert not held.renew()
    assert "could not be renewed in time: InternalError" in lost[0]


@pytest.mark.parametrize("written", ["15s", "2m", "1d"])
def test_a_heartbeat_that_could_end_too_late_is_not_waited_for(locks: World, written: str) -> None:
    """While a run goes on after a failed heartbeat, the next one ends before the lock expires; one may always fail."""
    lock = Lock.model_validate({"bucket": "team-locks", "expires_after": written})
    with lock_of(locks, lock=lock) as held:
        held.clock = lambda: held.renewed + age
        locks.faults.on("PutObject", error("InternalError", 500))
        wait = lock.expires_after * BEAT
        age = wait
        assert held.renew(), "one that is refused at once is no loss"
        for age in (lock.expires_after * part / 20 for part in range(20)):
            assert not held.renew() or age + wait + held.longest_attempt < lock.expires_after


def test_what_was_not_renewed_is_not_held_whatever_the_reason(locks: World) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        held.clock = lambda: held.renewed + 107
        assert held.is_valid()
        assert lost == []
        held.clock = lambda: held.renewed + 108
        assert not held.is_valid()
    assert "has expired: somebody else may hold it" in lost[0]


def test_the_clock_only_grows_also_where_none_counts_suspension(monkeypatch: pytest.MonkeyPatch) -> None:
    assert now() <= now()
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    assert now() <= now()


# ── what cannot be used ──────────────────────────────────────────────────────────────────────────────


def refusal(world: World, lock: Lock = LOCK) -> ReconcileError:
    with pytest.raises(ReconcileError) as told, lock_of(world, lock=lock):
        pass
    assert told.value.remedy
    return told.value


def test_a_bucket_that_does_not_exist(lake: World) -> None:
    told = refusal(lake)
    assert (told.code, told.exit_code) == ("RCL5006", 1)
    assert "there is no such bucket" in told.message


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_bucket_that_may_not_be_used(locks: World, operation: str) -> None:
    locks.faults.on(operation, error("AccessDenied", 403))
    told = refusal(locks)
    assert told.code == "RCL5006"
    assert "s3:PutObject" in (told.remedy or "")
    assert "PutBucket" not in str(locks.faults.writes())


def test_credentials_that_have_expired(locks: World) -> None:
    locks.faults.on("GetObject", error("ExpiredToken", 400))
    assert refusal(locks).code == "RCL5002"


def test_a_server_without_conditional_writes(locks: World) -> None:
    locks.faults.on("PutObject", error("NotImplemented", 501))
    assert "the server has no conditional writes" in refusal(locks).message


def test_a_server_that_ignores_the_conditions_of_writes(locks: World) -> None:
    def ignores(request: Any, memory: Any, ask: Any) -> Answer:
        kept = {name: value for name, value in request.headers.items() if not name.startswith("if-")}
        return ask(replace(request, headers=kept))  # type: ignore[no-any-return]

    locks.faults.on("PutObject", ignores)
    assert "ignores the conditions of conditional writes" in refusal(locks).message
    assert not is_there(locks)


@pytest.mark.parametrize(
    "body", [b"hello", b"[]", b'{"run": "a"}', b'{"expires_after": 1}', b"\xff\xfe", b"[" * 70_000]
)
def test_what_is_no_lock_is_not_written_over(locks: World, body: bytes) -> None:
    locks.s3.put_object(Bucket="team-locks", Key=KEY, Body=body)
    locks.faults.on("GetObject", aged(10**6))
    assert "something else lies under this key" in refusal(locks).message
    locks.faults.reset()
    assert locks.s3.get_object(Bucket="team-locks", Key=KEY)["Body"].read() == body


@pytest.mark.parametrize("seconds", [0, -1, 10**9, "60", None, True])
def test_a_lock_that_would_never_expire_is_none(left_behind: World, seconds: Any) -> None:
    body = json.dumps(what_it_says(left_behind) | {"expires_after": seconds})
    left_behind.s3.put_object(Bucket="team-locks", Key=KEY, Body=body)
    assert "is no lock" in refusal(left_behind).message


def test_in_another_region(lake: World) -> None:
    lake.s3.create_bucket(Bucket="team-locks", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wrong = error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-1")

    def only_there(request: Any, memory: Any, ask: Any) -> Answer:
        return ask(request) if request.region == "eu-west-1" else wrong(request, memory, ask)

    for operation in ("GetObject", "PutObject", "DeleteObject"):
        lake.faults.on(operation, only_there)
    with lock_of(lake) as held:
        assert held.client.meta.region_name == "eu-west-1"
    assert lake.faults.of("DeleteObject")[-1].region == "eu-west-1"
    with lock_of(lake, lock=LOCK.model_copy(update={"region": "eu-west-1"})):
        pass


# ── with the executor ────────────────────────────────────────────────────────────────────────────────


def planned(world: World, *specs: dict[str, Any]) -> Planned:
    return Planned(world.changeset(*specs), (), world.clients, world.identity)


@pytest.fixture
def apply(locks: World) -> Callable[..., Applied]:
    def run(*specs: dict[str, Any], **settings: Any) -> Applied:
        return carry_out(planned(locks, *specs), lock=LOCK, patience=locks.clock.patience(), **settings)

    return run


def test_a_lock_that_was_not_renewed_is_not_relied_on(locks: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[str] = []
    with lock_of(locks, lost) as held:
        assert held.is_valid()
        monkeypatch.setattr("reconciler.s3.lock.now", lambda: held.renewed + LOCK.expires_after * 0.9)
        assert not held.is_valid()
    assert "has expired: somebody else may hold it" in lost[0]


def test_no_call_is_begun_without_a_valid_lock(locks: World) -> None:
    executor = locks.executor()
    executor.may_begin = lambda: False
    applied = executor.apply([locks.plan(LAKE | {"tags": {"a": "b"}})])
    assert results(applied) == {"tags": "skipped"}


def test_an_apply_takes_it_before_it_writes_and_releases_it_last(locks: World, apply: Any) -> None:
    assert apply(LAKE | {"tags": {"a": "b"}}).exit_code == 0
    writes = locks.faults.writes()
    assert writes[0] == "PutObject"
    assert writes[-1] == "DeleteObject"
    assert "PutBucketTagging" in writes


def test_an_apply_that_meets_a_lock_writes_nothing(left_behind: World, apply: Any) -> None:
    left_behind.faults.forget()
    with pytest.raises(Locked):
        apply(LAKE | {"tags": {"a": "b"}})
    assert left_behind.faults.writes() == []


def test_an_apply_without_changes_needs_no_lock(left_behind: World, apply: Any) -> None:
    assert apply(LAKE).exit_code == 0


def test_a_lock_that_is_lost_stops_the_run_before_its_next_call(locks: World) -> None:
    plan = locks.plan(LAKE | {"versioning": "Enabled", "tags": {"a": "b"}})
    executor = locks.executor()

    def lose(request: Any, memory: Any, ask: Any) -> Answer:
        executor.halt("the lock was lost: eve has taken it over", "see who else applies")
        return ask(request)  # type: ignore[no-any-return]

    locks.faults.on("PutBucketVersioning", lose)
    applied = executor.apply([plan])
    assert results(applied) == {"versioning": "unverified", "tags": "skipped"}
    assert applied.halted
    assert "eve" in applied.halted.why
    assert applied.exit_code == 5


@pytest.mark.parametrize("at_once", [True, False])
def test_no_call_is_begun_once_the_lock_has_expired(locks: World, at_once: bool) -> None:
    """A process that was stopped, or a machine that slept: nobody has told the run that time has passed."""
    plan = locks.plan(LAKE | {"versioning": "Enabled", "tags": {"a": "b"}})
    executor = locks.executor()
    passed = 0.0
    held = HeldLock(LOCK, locks.clients, locks.identity, executor.halt, clock=lambda: passed)
    executor.may_begin = held.is_valid

    def sleeps(request: Any, memory: Any, ask: Any) -> Answer:
        nonlocal passed
        answer: Answer = ask(request)
        passed = 10_000
        return answer

    with held:
        locks.faults.forget()
        if at_once:
            passed = 10_000
        locks.faults.on("PutBucketVersioning", sleeps)
        applied = executor.apply([plan])
    assert set(locks.faults.writes()) == ({"DeleteObject"} if at_once else {"PutBucketVersioning", "DeleteObject"})
    assert results(applied)["tags"] == "skipped"
    assert applied.halted
    assert "has expired: somebody else may hold it" in applied.halted.why
    assert applied.exit_code == (1 if at_once else 5)


def test_a_plan_that_makes_a_tombstone_of_the_bucket_of_the_lock(locks: World) -> None:
    plan = locks.plan(LAKE | {"tags": {"a": "b"}})
    gone = {"name": "team-locks", "state": "absent", "confirm_delete": "team-locks", "tombstone": True}
    sealing = replace(plan, spec=BucketSpec.model_validate(gone))
    assert not sealing.deletes
    with pytest.raises(ReconcileError, match="or to become a tombstone"):
        lock_of(locks).while_applying([sealing])
    lock_of(locks).while_applying([plan])


def test_a_plan_that_deletes_the_bucket_of_the_lock(locks: World) -> None:
    plan = locks.plan(LAKE | {"tags": {"a": "b"}})
    gone = replace(plan.changes[0], aspect=BUCKET, action=Action.DELETE)
    deleting = replace(plan, spec=plan.spec.model_copy(update={"name": "team-locks"}), changes=(gone,))
    with pytest.raises(ReconcileError, match="lies in a bucket that is to be deleted"):
        lock_of(locks).while_applying([deleting])


def test_on_aws_conditions_are_not_tried_out(locks: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(locks.clients), "elsewhere", property(lambda _: False))
    with lock_of(locks):
        pass
    assert locks.faults.writes() == ["PutObject", "DeleteObject"]
