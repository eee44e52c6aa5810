"""The folder of the journal: one file per run, named by its time. Files that are no journals are left alone."""

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from reconciler.journal.lines import records_in, run_in
from reconciler.planning.runs import EndRecord, PastRun

NAME = re.compile(r"(\d{8}T\d{6}\.\d{3})Z-[0-9a-f]{4}\.jsonl\Z", re.ASCII)
TIME = "%Y%m%dT%H%M%S.%f"
KEPT = 100
"""Finished runs that are kept; what has not finished is kept until somebody has finished it and it is old."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a journal that are read. A run of ten thousand buckets has a fifth of them."""
TAIL = 4096
"""Bytes at the end of a file that hold the record of its end, if it has one."""
LONGEST_HEAD = 4 * 1024 * 1024
"""Bytes of the first line, which names all buckets."""
OLD = timedelta(days=30)


def new_name(now: datetime) -> str:
    """The name of a run: when, to the thousandth of a second, and a few random letters for two at once."""
    return f"{now.astimezone(UTC).strftime(TIME)[:-3]}Z-{secrets.token_hex(2)}"


def files_in(folder: Path) -> list[Path]:
    """The journals in a folder, newest first; none where the folder is not there or cannot be read."""
    try:
        return sorted((path for path in folder.iterdir() if NAME.match(path.name)), reverse=True)
    except OSError:
        return []


def read_run(path: Path) -> PastRun | None:
    """One run; None where the file cannot be read or is no journal."""
    try:
        with open_regular(path) as file:
            about = os.fstat(file.fileno())
            running = is_locked(file.fileno())
            run = run_of(path, file.read(LARGEST))
    except (OSError, ValueError):
        return None
    private = about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & 0o077
    return replace(run, is_running=running, is_private=private) if run is not None else None


def read_head(path: Path) -> PastRun | None:
    """A run without its calls."""
    try:
        with open_regular(path) as file:
            return run_of(path, file.readline(LONGEST_HEAD))
    except (OSError, ValueError):
        return None


def run_of(path: Path, data: bytes) -> PastRun | None:
    """The run that a file tells of, if it is the one that it is named after."""
    run = run_in(data)
    return run if run is not None and run.id == path.stem else None


def open_regular(path: Path) -> BinaryIO:
    """An ordinary file, opened without waiting for anybody. Raises ValueError for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not an ordinary file")
    return os.fdopen(descriptor, "rb")


def is_locked(descriptor: int) -> bool:
    """Whether the process that writes this file is alive: the system lets go of its lock when it dies."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def how_it_ended(path: Path) -> int | None:
    """The exit code of a run, from the end of its file; None where it has none."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - TAIL, 0))
            ends = [record.exit for record in records_in(file.read(TAIL)) if isinstance(record, EndRecord)]
    except (OSError, ValueError):
        return None
    return ends[-1] if ends else None


def all_runs(folder: Path) -> Iterator[PastRun]:
    """Every run, newest first."""
    for path in files_in(folder):
        run = read_run(path)
        if run is not None:
            yield run


def runs_like(folder: Path, is_meant: Callable[[PastRun], bool]) -> Iterator[PastRun]:
    """The runs that are meant, as far as their heads tell, newest first."""
    for path in files_in(folder):
        head = read_head(path)
        run = read_run(path) if head is not None and is_meant(head) else None
        if run is not None:
            yield run


def runs_since_trouble(folder: Path, now: datetime, within: timedelta = timedelta(days=7)) -> tuple[PastRun, ...]:
    """The runs from the first of these days on that did not end well, newest first; none where all did.

    Whoever looks back for unfinished business need not read a hundred journals that have none.
    """
    recent = [path for path in files_in(folder) if began(path) > now - within]
    troubled = [index for index, path in enumerate(recent) if how_it_ended(path) != 0]
    found = (read_run(path) for path in recent[: troubled[-1] + 1]) if troubled else ()
    return tuple(run for run in found if run is not None)


def began(path: Path) -> datetime:
    """When a run began, by its name."""
    found = NAME.match(path.name)
    assert found is not None, "files_in has looked at the name"
    try:
        return datetime.strptime(found[1], TIME).replace(tzinfo=UTC)
    except ValueError:  # the 99th of some month
        return datetime.min.replace(tzinfo=UTC)


def tidy(folder: Path, now: datetime) -> None:
    """Delete finished runs beyond the newest, and what never finished once it is old."""
    finished = 0
    for path in files_in(folder):
        ended = how_it_ended(path)
        finished += ended is not None
        gone = finished > KEPT if ended is not None else finished >= KEPT and began(path) < now - OLD
        if gone:
            with suppress(OSError):
                path.unlink()
