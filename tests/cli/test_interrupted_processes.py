"""Real processes that are told to stop while a call is under way: once, twice, and while another run holds the lock."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cli.conftest import Recording

COMMAND = [sys.executable, "-m", "reconciler.cli.main", "apply", "--auto-approve"]
SETTINGS = "lock: {bucket: team-locks, expires_after: 15s}\n"


class Slow:
    """Keeps the versioning of a bucket from being answered until the test lets it go."""

    def __init__(self, server: Recording) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        server.instead = self

    def __call__(self, method: str, path: str) -> bytes | None:
        if method == "PUT" and path.endswith("?versioning"):
            self.reached.set()
            self.let_go.wait(60)
        return None


@pytest.fixture
def slow(server: Recording, spec: Path) -> Iterator[Slow]:
    held = Slow(server)
    yield held
    held.let_go.set()


def started(endpoint: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "--endpoint-url", endpoint, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )


def interrupt(running: "subprocess.Popen[str]", slow: Slow, times: int, number: int = signal.SIGINT) -> None:
    assert slow.reached.wait(60), "the call was never made"
    for _ in range(times):
        running.send_signal(number)
        time.sleep(0.3)  # two signals at once are one


def test_once_ends_a_plan_whatever_is_not_answered(endpoint: str, server: Recording, spec: Path) -> None:
    """What is read changes nothing: nobody need wait for it, be it a minute."""
    reached, let_go = threading.Event(), threading.Event()

    def never(method: str, path: str) -> None:
        if method == "GET" and path.startswith("/acme-lake?"):
            reached.set()
            let_go.wait(60)

    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="acme-lake")
    server.instead = never
    running = subprocess.Popen(
        [*COMMAND[:-2], "plan", "--endpoint-url", endpoint],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reached.wait(60)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    let_go.set()
    assert (running.returncode, out) == (130, "")
    assert "interrupted; nothing was written" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_lets_the_call_finish(endpoint: str, slow: Slow, server: Recording, number: int) -> None:
    running = started(endpoint)
    interrupt(running, slow, 1, number)
    assert running.poll() is None, "it waits for the call that is under way"
    slow.let_go.set()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Interrupted: the calls that were under way were finished, no other was begun." in out
    assert "Traceback" not in out + err
    assert [path for method, path in server.writes][-1] == "/acme-lake?versioning"


def test_twice_ends_at_once_and_the_next_apply_finishes(endpoint: str, slow: Slow, s3: Any) -> None:
    running = started(endpoint)
    interrupt(running, slow, 2)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert not slow.let_go.is_set(), "nobody has answered, and it has ended"
    assert "Stopped at once: the next apply looks at what was under way." in out
    assert "put_bucket_versioning was under way: nobody has waited for its answer" in out
    for word in ("Traceback", "Fatal Python error", "Exception ignored"):
        assert word not in out + err
    slow.let_go.set()
    again = started(endpoint)
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, out + err
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Enabled"


# ── two runs at once ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def with_a_lock(s3: Any, tmp_path: Path) -> Any:
    s3.create_bucket(Bucket="team-locks")
    (tmp_path / "reconcile.yaml").write_text(SETTINGS)
    return s3


def lock_in(s3: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(s3.get_object(Bucket="team-locks", Key="reconcile.lock")["Body"].read())
    return said


def test_the_second_of_two_runs_is_told_who_holds_the_lock(endpoint: str, slow: Slow, with_a_lock: Any) -> None:
    first = started(endpoint)
    assert slow.reached.wait(60)
    second = started(endpoint)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 3, out + err
    assert "RCL5005" in err
    assert f"process {first.pid}" in " ".join(err.split())
    assert lock_in(with_a_lock)["owner"].endswith(f"process {first.pid}")
    slow.let_go.set()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err
    assert "Contents" not in with_a_lock.list_objects_v2(Bucket="team-locks")
    third = started(endpoint)
    assert third.wait(60) == 0
    third.communicate()


@pytest.mark.parametrize(("times", "left"), [(1, False), (2, True)])
def test_an_interruption_releases_the_lock_unless_calls_are_left_under_way(
    endpoint: str, slow: Slow, with_a_lock: Any, times: int, left: bool
) -> None:
    running = started(endpoint)
    interrupt(running, slow, times)
    if times == 1:
        slow.let_go.set()
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert ("Contents" in with_a_lock.list_objects_v2(Bucket="team-locks")) == left


def test_json_tells_that_it_was_stopped_at_once(endpoint: str, slow: Slow) -> None:
    running = started(endpoint, "--format", "json")
    interrupt(running, slow, 2)
    out, _ = running.communicate(timeout=30)
    told = json.loads(out)
    assert (told["interrupted"], told["at_once"], told["halted"]) == (True, True, None)
