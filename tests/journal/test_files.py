"""The journal on a disk: private, one file per run, lines that are whole, and never in the way of a run."""

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode
from reconciler.journal import files
from reconciler.journal.files import (
    KEPT,
    all_runs,
    files_in,
    how_it_ended,
    read_head,
    read_run,
    runs_like,
    runs_since_trouble,
    tidy,
)
from reconciler.journal.lines import line_of, records_in
from reconciler.journal.writing import About, Journal
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.order import lane
from reconciler.planning.outcomes import BucketOutcome, Outcome, Result
from reconciler.planning.runs import PastRun
from tests.journal.pasts import ACCOUNT, NOON, end, head, tagging, tags, text
from tests.planning.test_needs import plan_of

ABOUT = About("1.0", ACCOUNT, None, "us-east-1", "f" * 64, ("specs",), (), {}, ("acme-lake",))
KINDS = BucketSpec.aspects()
PLAN = plan_of({"tags": {"a": "b"}, "versioning": "Enabled"})


def never(said: str) -> None:
    pytest.fail(said)


def journal(folder: Path, warn: Callable[[str], None] = never, about: About = ABOUT) -> Journal:
    return Journal(folder, about, warn, lambda: NOON)


def write_down(kept: Journal, name: str = "acme-lake", before: LiveAspect = None) -> None:
    """One bucket with all its calls."""
    plan = plan_of({"tags": {"a": "b"}, "versioning": "Enabled"}, name)
    for step in lane(plan):
        kept.begins(plan, step, before)
        kept.ended(plan, step, None)
    kept.finished(BucketOutcome(plan, tuple(Outcome(change, Result.APPLIED) for change in plan.changes)))


def only_run(folder: Path) -> PastRun:
    [run] = all_runs(folder)
    return run


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    kept = journal(tmp_path / "a" / "runs")
    write_down(kept)
    running = only_run(tmp_path / "a" / "runs")
    assert running.is_running
    kept.end(ExitCode.FINE)
    run = only_run(tmp_path / "a" / "runs")
    assert not run.is_running
    assert [call.intent.operation for call in run.calls] == ["put_bucket_versioning", "put_bucket_tagging"]
    assert all(call.has_worked for call in run.calls)
    assert run.is_whole("acme-lake")
    assert run.end is not None
    assert run.end.exit == 0
    assert run.begun.model_dump(exclude={"at", "run", "record", "format_version"}) == {
        "tool_version": "1.0",
        "account": ACCOUNT,
        "endpoint": None,
        "region": "us-east-1",
        "fingerprint": "f" * 64,
        "paths": ("specs",),
        "targets": (),
        "variables": {},
        "buckets": ("acme-lake",),
        "shard": None,
    }


def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    kept = journal(tmp_path / "runs")
    write_down(kept)
    [file] = files_in(tmp_path / "runs")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert only_run(tmp_path / "runs").is_private
    file.chmod(0o644)
    assert not only_run(tmp_path / "runs").is_private


def test_a_run_that_writes_nothing_leaves_nothing(tmp_path: Path) -> None:
    kept = journal(tmp_path / "runs")
    kept.finished(BucketOutcome(PLAN, (Outcome(PLAN.changes[0], Result.SKIPPED),)))
    kept.end(ExitCode.ERROR)
    assert not (tmp_path / "runs").exists()


def test_each_call_is_on_the_disk_before_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_disk: list[int] = []
    sync = os.fsync

    def counting(descriptor: int) -> None:
        sync(descriptor)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            on_disk.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", counting)
    kept = journal(tmp_path / "runs")
    step = lane(PLAN)[0]
    kept.begins(PLAN, step, None)
    [file] = files_in(tmp_path / "runs")
    assert on_disk == [file.stat().st_size]
    assert [type(record).__name__ for record in records_in(file.read_bytes())] == ["RunRecord", "IntentRecord"]
    kept.ended(PLAN, step, "refused")
    assert len(on_disk) == 1, "a result that is lost is asked of S3"


def test_lanes_that_wait_at_the_same_time_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sync is under way; the lines that come meanwhile are all on the disk with the next."""
    under_way, go_on, synced = threading.Event(), threading.Event(), []

    def slow(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            synced.append(len(files_in(tmp_path)[0].read_bytes().splitlines()))
            under_way.set()
            assert go_on.wait(30)

    monkeypatch.setattr(os, "fsync", slow)
    kept, step = journal(tmp_path), lane(PLAN)[0]
    lanes = [threading.Thread(target=kept.begins, args=(PLAN, step, None)) for _ in range(6)]
    lanes[0].start()
    assert under_way.wait(30)
    for late in lanes[1:]:
        late.start()
    while len(files_in(tmp_path)[0].read_bytes().splitlines()) < 1 + len(lanes):
        assert all(late.is_alive() for late in lanes), "nobody goes on before their line is on the disk"
    go_on.set()
    for one in lanes:
        one.join(30)
    assert synced == [2, 1 + len(lanes)]


@pytest.mark.parametrize(("number", "is_told"), [(errno.EIO, True), (errno.ENOSPC, True), (errno.EINVAL, False)])
def test_a_sync_that_fails_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_told: bool
) -> None:
    """What is not on the disk is not kept; but some files are never synced, and nobody promised it of those."""
    tried: list[int] = []

    def broken(descriptor: int) -> None:
        tried.append(descriptor)
        raise OSError(number, "no promise")

    kept = journal(tmp_path)
    told: list[str] = []
    kept.warn = told.append
    monkeypatch.setattr(os, "fsync", broken)
    monkeypatch.setattr("reconciler.journal.writing.sync_folder", lambda _: None)
    for step in lane(PLAN):
        kept.begins(PLAN, step, None)
    assert len(lane(PLAN)) > 1
    assert len(tried) == (1 if is_told else len(lane(PLAN)))
    assert [one.partition("; ")[0] for one in told] == [f"no journal is kept in {tmp_path}: no promise"] * is_told


@pytest.mark.parametrize(
    ("before", "wire", "unknown"),
    [
        (None, None, None),
        (KINDS["tags"].from_s3(tags(a="x")), tags(a="x"), None),
        (Unreadable("denied", "allow it"), None, "denied"),
    ],
)
def test_what_there_was_before(tmp_path: Path, before: LiveAspect, wire: Any, unknown: str | None) -> None:
    kept = journal(tmp_path)
    change = next(step for step in lane(PLAN) if step.change.aspect == "tags")
    kept.begins(PLAN, change, before)
    kept.resolved(PLAN, change.change, came_true=True)
    [call] = only_run(tmp_path).calls
    assert (call.intent.before, call.intent.before_unknown) == (wire, unknown)
    assert call.came_true
    assert (isinstance(call.before, Unreadable)) is (unknown is not None)
    assert isinstance(call.before, Unreadable) or call.before == before
    assert call.after == call.left == KINDS["tags"].from_s3(tags(a="b"))


@given(st.integers(1, 6), st.integers(1, 8))
def test_law_threads_keep_each_others_lines_whole(threads: int, buckets: int) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        kept = journal(Path(folder), about=replace(ABOUT, fingerprint="f" * 5000))
        barrier = threading.Barrier(threads)

        def work(number: int) -> None:
            barrier.wait()
            for bucket in range(buckets):
                write_down(kept, f"acme-{number}-{bucket}")

        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        kept.end(ExitCode.FINE)
        [file] = files_in(Path(folder))
        assert len(list(records_in(file.read_bytes()))) == file.read_bytes().count(b"\n")
        run = only_run(Path(folder))
    assert sorted(call.intent.call for call in run.calls) == list(range(1, 2 * threads * buckets + 1))
    assert all(call.has_worked for call in run.calls)
    assert len(run.finished) == threads * buckets
    for name in run.finished:
        made = [call.intent.operation for call in run.calls if call.intent.bucket == name]
        assert made == ["put_bucket_versioning", "put_bucket_tagging"]


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("begun", [False, True])
def test_a_disk_that_is_full_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool) -> None:
    warnings: list[str] = []
    kept = journal(tmp_path / "runs", warnings.append)
    if begun:
        write_down(kept, "acme-first")
    monkeypatch.setattr(os, "write", full)
    write_down(kept, "acme-second")
    kept.end(ExitCode.FINE)
    [said] = warnings
    assert "no journal is kept in" in said
    assert "No space left on device" in said
    monkeypatch.undo()
    assert [set(run.finished) for run in all_runs(tmp_path / "runs")] == ([{"acme-first"}] if begun else [])


def test_a_line_that_only_half_fits_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = os.write, [5000]

    def some(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", some)
    warnings: list[str] = []
    kept = journal(tmp_path, warnings.append)
    for number in range(20):
        write_down(kept, f"acme-{number}")
    assert len(warnings) == 1
    run = only_run(tmp_path)
    assert 0 < len(run.calls) < 20
    assert files_in(tmp_path)[0].stat().st_size == 5000


@pytest.mark.parametrize("there", ["a file", "a broken link"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, there: str) -> None:
    place = tmp_path / "there"
    if there == "a file":
        place.write_text("precious")
    else:
        place.symlink_to(tmp_path / "nowhere")
    warnings: list[str] = []
    kept = journal(place / "runs" if there == "a file" else place, warnings.append)
    write_down(kept)
    kept.end(ExitCode.FINE)
    assert len(warnings) == 1
    assert list(all_runs(place)) == []


def test_without_locks_nobody_knows_who_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    kept = journal(tmp_path)
    write_down(kept)
    assert not only_run(tmp_path).is_running


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────


def put(folder: Path, at: datetime, *records: Any, name: str | None = None) -> Path:
    begun = head(at)
    path = folder / f"{name or begun.run}.jsonl"
    path.write_bytes(text(begun, *records))
    path.chmod(0o600)
    return path


def test_what_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, NOON, end(), name="20261122T120000.000Z-ffff")  # the copy of another one
    put(tmp_path, NOON, end(), name="notes")
    (tmp_path / "20269922T120000.000Z-0a1b.jsonl").write_bytes(b"\xff\xfe\n{}\n")
    (tmp_path / "20261122T110000.000Z-0a1b.jsonl").mkdir()
    (tmp_path / "20261122T100000.000Z-0a1b.jsonl").symlink_to(put(tmp_path, NOON, end()))
    os.mkfifo(tmp_path / "20261122T090000.000Z-0a1b.jsonl")
    assert [run.at for run in all_runs(tmp_path)] == [NOON]
    assert [run.at for run in runs_since_trouble(tmp_path, NOON)] == [NOON]
    assert [run.at for run in runs_like(tmp_path, lambda run: True)] == [NOON]
    assert list(runs_like(tmp_path, lambda run: False)) == []
    tidy(tmp_path, NOON)
    assert len(list(tmp_path.iterdir())) == 7
    assert list(all_runs(tmp_path / "nowhere")) == []


def test_where_there_was_no_trouble_nothing_is_read(tmp_path: Path) -> None:
    for hours in range(5):
        put(tmp_path, NOON - timedelta(hours=hours), end())
    assert runs_since_trouble(tmp_path, NOON) == ()
    put(tmp_path, NOON - timedelta(hours=2), tagging(1, None, tags(a="b")))
    assert [run.at.hour for run in runs_since_trouble(tmp_path, NOON)] == [12, 11, 10]
    put(tmp_path, NOON - timedelta(hours=3), tagging(1, None, tags(a="b")), end(5))
    assert [run.at.hour for run in runs_since_trouble(tmp_path, NOON)] == [12, 11, 10, 9]
    put(tmp_path, NOON - timedelta(days=8), tagging(1, None, tags(a="b")))
    assert len(runs_since_trouble(tmp_path, NOON)) == 4, "what is a week old is no news"


def test_how_a_long_run_ended_is_read_from_its_end(tmp_path: Path) -> None:
    calls = [tagging(number, None, tags(a="b" * 200)) for number in range(100)]
    path = put(tmp_path, NOON, *calls, end(5))
    assert path.stat().st_size > 10 * files.TAIL
    assert how_it_ended(path) == 5
    assert read_head(path) is not None
    path.write_bytes(path.read_bytes()[: -len(line_of(end(5)))])
    assert how_it_ended(path) is None
    assert how_it_ended(tmp_path / "nowhere") is None
    assert read_head(tmp_path / "nowhere") is None
    assert read_run(tmp_path / "nowhere") is None


def test_old_runs_go_when_a_new_one_begins(tmp_path: Path) -> None:
    for number in range(KEPT + 10):
        put(tmp_path, NOON - timedelta(minutes=number + 1), end())
    unfinished = [put(tmp_path, NOON - timedelta(days=days)) for days in (1, 40)]
    kept = journal(tmp_path)
    write_down(kept)
    kept.end(ExitCode.FINE)
    names = {path.name for path in files_in(tmp_path)}
    assert len(names) == KEPT + 2, "the newest finished ones, this one, and what has not finished lately"
    assert unfinished[0].name in names
    assert unfinished[1].name not in names
