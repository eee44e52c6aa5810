"""The journal of a run that is under way. It writes down each call before it is made, and what came of it.

Called from the threads of all buckets. Whatever goes wrong with it is told once, and the run goes on without.
"""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.journal.files import new_name, tidy
from reconciler.journal.lines import line_of
from reconciler.planning.changeset import Change, Plan
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.order import Step
from reconciler.planning.outcomes import BucketOutcome
from reconciler.planning.runs import (
    BucketRecord,
    EndRecord,
    IntentRecord,
    Record,
    ResolvedRecord,
    ResultRecord,
    RunRecord,
    Wire,
)
from reconciler.planning.storage import plain

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class About:
    """What a run is about: the head of its journal."""

    tool_version: str
    account: str | None
    endpoint: str | None
    region: str | None
    fingerprint: str
    paths: Sequence[str]
    targets: Sequence[str]
    variables: Mapping[str, str]
    buckets: Sequence[str]
    shard: str | None = None


CANNOT_PROMISE = (errno.EBADF, errno.EINVAL, errno.ENOTSUP, errno.EROFS)
"""How a sync fails that says nothing of the disk: the file was closed meanwhile, or is of a kind without syncs."""


class Journal:
    """The journal of one run: a `Recorder`."""

    def __init__(
        self, folder: Path, about: About, warn: Warn, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.warn = warn
        self.now = now
        self.calls = 0
        self.under_way: dict[str, int] = {}
        """The last call of each bucket, whose calls come one after the other."""
        self.last_of: dict[tuple[str, str], int] = {}
        """The last call of each aspect of each bucket."""
        self.folder = folder
        self.about = about
        self.run = new_name(now())
        self._lock = threading.Lock()
        self._written = 0
        """Lines that were handed to the system."""
        self._syncing = threading.Lock()
        self._synced = 0
        """How many of them are on the disk for sure."""
        self._file: int | None = None
        self._is_open = True
        """Whether lines are still taken. The file is made with the first: a run that writes nothing has none."""

    # ── what the executor tells ──────────────────────────────────────────────────────────────────────

    def begins(self, plan: Plan, step: Step, before: LiveAspect) -> None:
        """A call is about to be made; it is on the disk when this returns."""
        change, call = step.change, step.call
        with self._lock:
            self.calls += 1
            number = self.under_way[plan.name] = self.last_of[plan.name, change.aspect] = self.calls
        intent = IntentRecord(
            at=self.now(),
            call=number,
            bucket=plan.name,
            region=plan.region,
            aspect=change.aspect,
            operation=call.operation,
            params=plain(call.params),
            effect=call.effect.value,
            before=wire_of(before),
            before_unknown=before.why if isinstance(before, Unreadable) else None,
            after=wire_of(change.after),
            ignore_tags=plan.around.ignore_tags,
        )
        self._write(intent, safely=True)

    def ended(self, plan: Plan, step: Step, error: str | None) -> None:
        """The call was answered, or failed for this reason."""
        with self._lock:
            number = self.under_way.get(plan.name, 0)
        self._write(ResultRecord(at=self.now(), call=number, error=error))

    def resolved(self, plan: Plan, change: Change, came_true: bool) -> None:
        """Whether a change whose answer was lost has come true."""
        with self._lock:
            number = self.last_of.get((plan.name, change.aspect), 0)
        self._write(ResolvedRecord(at=self.now(), call=number, came_true=came_true))

    def finished(self, outcome: BucketOutcome) -> None:
        """All that is tried of one bucket has been tried."""
        if self._file is None and not outcome.is_whole:
            return  # nothing was begun, and nothing is done
        results = {item.change.aspect: item.result.value for item in outcome.outcomes}
        record = BucketRecord(at=self.now(), bucket=outcome.plan.name, whole=outcome.is_whole, outcomes=results)
        self._write(record, safely=True)

    def needs_nothing(self, bucket: str) -> None:
        """A bucket that an earlier run had begun is as its spec says."""
        self._write(BucketRecord(at=self.now(), bucket=bucket, whole=True, outcomes={}), safely=True)

    def end(self, exit_code: int) -> None:
        """The run has ended by itself."""
        if self._file is not None:
            self._write(EndRecord(at=self.now(), exit=exit_code), safely=True)
        with self._lock:
            self._is_open = False
            if self._file is not None:
                with suppress(OSError):
                    os.close(self._file)
            self._file = None

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────

    def _write(self, record: Record, *, safely: bool = False) -> None:
        """Add a line; `safely` waits until it is on the disk. Lines of other threads need not wait for that."""
        line = line_of(record)
        with self._lock:
            if not self._is_open:
                return
            try:
                if self._file is None:
                    self._file = begin(self.folder, f"{self.run}.jsonl", self.now())
                    write_whole(self._file, line_of(self._head()))
                write_whole(self._file, line)
                self._written += 1
            except OSError as error:
                self._give_up(error)
                return
            file, number = self._file, self._written
        if safely:
            self._sync(file, number)

    def _sync(self, file: int, number: int) -> None:
        """Return when a line is on the disk. Lanes that wait at the same time share a sync: it takes all so far."""
        with self._syncing:
            written = self._written
            if self._synced < number:
                try:
                    os.fsync(file)
                    self._synced = written
                except OSError as error:
                    if error.errno not in CANNOT_PROMISE:  # after a failure, the next sync may say that all is well
                        self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Keep no journal from now on, and say so once."""
        if self._is_open:
            self._is_open = False
            reason = error.strerror or str(error)
            self.warn(f"no journal is kept in {self.folder}: {reason}; `rollback` will not know all of this run")

    def _head(self) -> RunRecord:
        """What the run is about."""
        about = self.about
        return RunRecord(
            at=self.now(),
            run=self.run,
            tool_version=about.tool_version,
            account=about.account,
            endpoint=about.endpoint,
            region=about.region,
            fingerprint=about.fingerprint,
            paths=tuple(about.paths),
            targets=tuple(about.targets),
            variables=dict(about.variables),
            buckets=tuple(about.buckets),
            shard=about.shard,
        )


def write_whole(file: int, line: bytes) -> None:
    """Write all of a line; a system may take it in parts."""
    written = os.write(file, line)
    while written < len(line):
        written += os.write(file, line[written:])


def begin(folder: Path, name: str, now: datetime) -> int:
    """A new file that only this user can read, in a folder that is as private where it is ours to make."""
    make(folder)
    tidy(folder, now)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
    file = os.open(folder / name, flags, 0o600)
    with suppress(OSError):  # a file system without locks: then nobody can tell whether the run is alive
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with suppress(OSError):
        sync_folder(folder)
    return file


def make(folder: Path) -> None:
    """The folder, where it is not there yet: what it holds is nobody else's, and no part of a repository."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    with suppress(OSError):
        (folder / ".gitignore").write_text("# what reconcile has written in S3, and what was there before\n*\n")


def sync_folder(folder: Path) -> None:
    """Have the folder know its new file, also after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def wire_of(found: Any) -> Wire | None:
    """A document in S3's spelling, as plain data; None where there is none or nobody can tell."""
    if found is None or isinstance(found, Unreadable):
        return None
    wire: Wire = plain(found.to_s3())
    return wire
