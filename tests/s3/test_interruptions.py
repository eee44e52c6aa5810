"""Ctrl-C while a plan is carried out: what is under way finishes, nothing else begins, and everything is told."""

import os
import signal
import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from reconciler.s3 import executor
from reconciler.s3.patience import Patience
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.faults import error
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results


def press_ctrl_c(times: int = 1) -> None:
    for _ in range(times):
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_finishes_what_is_under_way_and_begins_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(executor, "CONNECTIONS", 1)
    names = ("lake-one", "lake-two")
    plans = world.plans(
        *({"name": name, "region": "us-east-1", "versioning": "Enabled", "tags": {"a": "b"}} for name in names)
    )

    def interrupted(request: S3Request, memory: Any, ask: Any) -> Answer:
        press_ctrl_c(times)
        return ask(request)  # type: ignore[no-any-return]

    world.faults.on("CreateBucket", interrupted, times=1)
    applied = world.apply(*plans)
    assert applied.interrupted
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


def test_whatever_is_pressed_again_and_again_is_heard_once(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    running = world.executor()
    presses = iter([KeyboardInterrupt, KeyboardInterrupt, None])

    def pressed(lanes: Any) -> None:
        press = next(presses)
        if press:
            raise press
        assert running.stop.is_set()
        lanes[0].set_result(())

    monkeypatch.setattr(executor, "wait", pressed)
    assert running.interrupted_before(Future()) is True
