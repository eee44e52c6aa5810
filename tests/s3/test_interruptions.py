"""Ctrl-C while a plan is carried out: what is under way finishes, nothing else begins, and everything is told."""

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from reconciler.planning.order import lane
from reconciler.planning.outcomes import BucketOutcome
from reconciler.s3 import executor
from reconciler.s3.lanes import Lanes
from reconciler.s3.patience import Patience
from reconciler.s3.presses import Presses
from reconciler.s3.progress import Progress, StoppedError
from reconciler.sandbox.behaviours import AS_AWS_DOES
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Request
from reconciler.sandbox.server import Moto
from tests.s3.faults import Faults, error
from tests.s3.lakes import LAKE
from tests.s3.notes import Notes
from tests.s3.world import World, outcomes, results, world_of


def press_ctrl_c(times: int = 1) -> None:
    for _ in range(times):
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)


def test_an_interruption_finishes_what_is_under_way_and_begins_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "CONNECTIONS", 1)
    names = ("lake-one", "lake-two")
    plans = world.plans(
        *({"name": name, "region": "us-east-1", "versioning": "Enabled", "tags": {"a": "b"}} for name in names)
    )

    def interrupted(request: S3Request, memory: Any, ask: Any) -> Answer:
        press_ctrl_c()
        return ask(request)  # type: ignore[no-any-return]

    world.faults.on("CreateBucket", interrupted, times=1)
    applied = world.apply(*plans)
    assert applied.interrupted
    assert not applied.at_once
    assert applied.exit_code == 130
    assert results(applied, "lake-one") == {"bucket": "applied", "versioning": "skipped", "tags": "applied"}
    assert results(applied, "lake-two") == {"bucket": "skipped", "versioning": "skipped", "tags": "skipped"}
    assert outcomes(applied, "lake-two")["bucket"].why == "the run was stopped"
    assert world.faults.writes() == ["CreateBucket"]


def test_what_was_written_before_an_interruption_is_told_as_unverified(lake: World) -> None:
    def interrupted(request: S3Request, memory: Any, ask: Any) -> Answer:
        press_ctrl_c()
        return ask(request)  # type: ignore[no-any-return]

    lake.faults.on("PutBucketTagging", interrupted)
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert results(applied) == {"tags": "unverified"}
    assert "the run was stopped before it was read back" in outcomes(applied)["tags"].why


@pytest.mark.parametrize("operation", ["PutBucketTagging", "GetBucketTagging"])
def test_an_interruption_ends_the_waiting(lake: World, operation: str) -> None:
    """With a real clock: what would take a minute takes no time."""
    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    busy = error("OperationAborted", 409)

    def interrupted(request: S3Request, memory: Any, ask: Any) -> Answer:
        threading.Timer(0.2, press_ctrl_c).start()
        return busy(request, memory, ask)

    looks = 1 if operation.startswith("Get") else 0  # before the write
    lake.faults.on(operation, interrupted, times=1, skip=looks)
    lake.faults.on(operation, busy, skip=looks)
    started = time.monotonic()
    applied = lake.apply(plan, patience=Patience(first_pause=60))
    assert applied.exit_code == 130
    assert time.monotonic() - started < 20


# ── twice ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Held:
    """Keeps a call from being answered until the test lets it go. It stands outside of the layer, which is not held."""

    app: WSGIApplication
    method: str = "PUT"
    query: str = "tagging"
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if environ["REQUEST_METHOD"] == self.method and environ["QUERY_STRING"] == self.query:
            self.reached.set()
            self.let_go.wait(60)
        return self.app(environ, start_response)


def test_a_second_interruption_waits_for_nobody(moto: Moto) -> None:
    faults = Faults()
    layer = FaithfulS3(moto, (faults, *AS_AWS_DOES))
    held = Held(layer)
    with world_of(moto, layer, faults, held) as world:
        world.set_up(LAKE)
        plan = world.plan(LAKE | {"versioning": "Enabled", "tags": {"a": "b"}, "encryption": "aws:kms"})
        notes = Notes()

        def impatient() -> None:
            held.reached.wait(30)
            press_ctrl_c(2)

        threading.Thread(target=impatient).start()
        progress: list[BucketOutcome] = []
        started = time.monotonic()
        applied = world.apply(plan, recorder=notes, progress=progress.append)
        assert time.monotonic() - started < 30
        assert applied.at_once
        assert applied.interrupted
        assert applied.exit_code == 130
        assert "was under way" in outcomes(applied)["tags"].why
        assert set(results(applied).values()) <= {"failed", "skipped", "unverified"}
        assert ("begins", "put_bucket_tagging") in notes.told, "the journal has the intent"
        assert not any(words[:2] == ("ended", "put_bucket_tagging") for words in notes.told)
        held.let_go.set()
        for thread in threading.enumerate():
            if thread.name.startswith("apply-"):
                thread.join(30)
        assert progress == [], "what its lanes still find out is told to nobody"
        assert len(notes.of("begins")) == len(notes.of("ended")), "but the journal keeps it"
        assert world.make(LAKE | {"versioning": "Enabled", "tags": {"a": "b"}}).exit_code == 0
        world.reset()


def test_a_lane_that_was_left_says_what_is_known_of_it(lake: World) -> None:
    plan = lake.plan(LAKE | {"versioning": "Enabled", "tags": {"a": "b"}, "encryption": "aws:kms"})
    progress = Progress(plan)
    first, second, _ = steps = lane(plan)
    progress.write(first)
    progress.begin(second, threading.Event())
    told = {outcome.change.aspect: outcome for outcome in progress.left_at_once().outcomes}
    assert [told[step.change.aspect].result.value for step in steps] == ["unverified", "failed", "skipped"]
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        progress.begin(second, stop)


def test_mistakes_in_a_lane_are_raised() -> None:
    lanes = Lanes(lambda number: 1 // number, [1, 0, 1], 2)
    with pytest.raises(ZeroDivisionError):
        lanes.wait()
    assert Lanes(str, [], 2).ended == {}


# ── between any two lines ────────────────────────────────────────────────────────────────────────────


def test_whoever_presses_while_the_lanes_are_only_begun_is_heard(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt came out of the start of a thread, and nobody told what its lane wrote."""
    begun = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        begun(thread)
        if thread.name.startswith("apply-"):
            signal.raise_signal(signal.SIGINT)

    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    monkeypatch.setattr(threading.Thread, "start", start)
    applied = lake.apply(plan)
    assert applied.interrupted
    assert set(results(applied)) == {"tags"}


def test_where_a_program_has_handlers_of_its_own_nothing_is_counted() -> None:
    counted: list[int] = []

    def elsewhere() -> None:
        with Presses() as presses:
            signal.raise_signal(signal.SIGURG)
        counted.append(presses.count)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, lambda *_: counted.append(7))
    try:
        with Presses() as presses:
            signal.raise_signal(signal.SIGINT)
        assert presses.count == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert counted == [0, 7]
    with Presses() as presses:
        signal.raise_signal(signal.SIGINT)
    assert presses.count == 1
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
