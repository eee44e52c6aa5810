"""The lock: one object that keeps two applies from running at once.

Written with If-None-Match, renewed with If-Match while the run goes on, deleted with If-Match at its end. A run
that died renews nothing, so its lock expires: by the server's clock, never by the local one. Whoever cannot
renew it in time stops before its next call.

It protects from a colleague's run at the same moment, not from harm: that is what the look before each write is
for, with or without a lock.
"""

import getpass
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from reconciler import settings
from reconciler.errors import Locked, ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.live import Identity
from reconciler.s3.clients import Clients
from reconciler.s3.errors import (
    DENIED,
    S3_ERRORS,
    UNSUPPORTED,
    code_of,
    credentials_refused,
    in_short,
    may_have_worked,
    region_named_by,
)
from reconciler.s3.lock_holder import MARK, Holder, holder_in

TAKEN = frozenset({"PreconditionFailed", "412"})
BUSY = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
NONE = frozenset({"NoSuchKey", "404"})
TRIES = 5
"""Of taking a lock that others take and leave at the same moment, by a run that does not wait."""
LOOKS = 5
"""Seconds after which a run that waits looks again."""
CANNOT = "RCL5006"
BEAT = 1 / 6
"""The part of a lock's time after which it is renewed."""
TIMEOUT = 1 / 16
"""The part of a lock's time for which a heartbeat waits to be connected, and again to be answered."""
GOOD_FOR = 0.9
"""The part of a lock's time that its holder counts on: no two clocks go alike, and calls take a while."""

log = logging.getLogger(__name__)


class HeldLock:
    """The lock of one run, as a context: taken at its beginning, renewed meanwhile, released at its end."""

    def __init__(
        self,
        lock: settings.Lock,
        clients: Clients,
        identity: Identity,
        lost: Callable[[str, str | None], None],
        *,
        notice: Callable[[str], None] = lambda _: None,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.lock = lock
        self.clients = clients
        self.lost = lost
        """Told why, and what to do, when the run may not go on."""
        self.notice = notice
        self.pause = pause
        self.clock = clock or (lambda: now())
        self.run = secrets.token_hex(8)
        self.etag: str | None = None
        self.sent = self.renewed = self.clock()
        """When the last write was sent, and the last one that is known to have worked."""
        self.caller = identity.caller
        self.started = now_in_words()
        self.beats = 0
        self.owner = {"ExpectedBucketOwner": identity.account} if identity.account else {}
        self.client = self.client_for(lock.region or identity.region)
        self.trouble: Exception | None = None
        """What the last write met that nobody has explained."""
        self._over = threading.Event()
        self._heart = threading.Thread(target=self.beat, name="lock", daemon=True)
        self._leave = False

    def client_for(self, region: str | None) -> Any:
        """A client that gives up before the lock expires."""
        return self.clients.hasty_s3(region, self.timeout)

    @property
    def timeout(self) -> float:
        """Seconds for which a heartbeat waits to be connected, and again to be answered."""
        return max(1.0, self.lock.expires_after * TIMEOUT)

    @property
    def longest_attempt(self) -> float:
        """Seconds that one heartbeat may take: two tries, and botocore's pause of a second at most between them."""
        return 4 * self.timeout + 1

    # ── the context ──────────────────────────────────────────────────────────────────────────────────

    def while_applying(self, plans: Sequence[Plan]) -> Self:
        """This lock, for these plans. Raises where they delete, empty or seal the bucket that it lies in."""
        for plan in plans:
            if plan.name == self.lock.bucket and (plan.deletes or plan.spec.is_absent):
                raise ReconcileError(
                    f"{self.name} lies in a bucket that is to be deleted, or to become a tombstone",
                    remedy="name another bucket under `lock:` in reconcile.yaml first",
                    code=CANNOT,
                )
        return self

    def __enter__(self) -> Self:
        """Take the lock. Raises `Locked` when somebody holds it, and `ReconcileError` when it cannot be used."""
        try:
            self.take()
            if self.clients.elsewhere:
                self.refuse_a_server_that_ignores_conditions()
        except BaseException:
            self.release()
            raise
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it. A run that was stopped at once may still have calls under way: its lock expires by itself."""
        self._over.set()
        if not (self._leave or kind is KeyboardInterrupt):
            self._heart.join(self.longest_attempt)
            self.release()

    def leave(self) -> None:
        """Do not release it at the end."""
        self._leave = True

    # ── taking ───────────────────────────────────────────────────────────────────────────────────────

    def take(self) -> None:
        """Take the lock, or take over one that has expired; wait for one that is held, as long as the settings say."""
        until, tries, told = self.clock() + self.lock.wait, 0, False
        while tries < TRIES or self.clock() < until:
            holder = self.holder()
            if holder is not None and holder.run == self.run:
                self.etag = holder.etag  # by a call whose answer was lost
                return
            if holder is not None and not holder.expired:
                if self.clock() >= until:
                    raise self.held(holder)
                if not told:
                    self.notice(f"Waiting for {self.name}, which is held by {holder}")
                told = True
                self.pause(LOOKS)
                continue
            if holder is not None:
                log.info("the lock of %s has expired: it is taken over", holder)
            if self.try_to_take({"IfMatch": holder.etag} if holder else {"IfNoneMatch": "*"}):
                return
            tries += 1
            self.pause(0.5)
        if self.trouble is not None:
            raise self.cannot(self.trouble) from self.trouble
        raise Locked(
            f"others take and leave {self.name} all the time",
            remedy="try again when they are done",
        )

    def try_to_take(self, condition: dict[str, str]) -> bool:
        """One conditional write; False where somebody else was faster, or nobody knows."""
        self.trouble = None
        try:
            self.write(condition)
        except S3_ERRORS as error:
            if code_of(error) in TAKEN | BUSY | NONE:
                return False
            if may_have_worked(error):
                self.trouble = error
                return False
            raise self.cannot(error) from error
        return True

    def holder(self) -> Holder | None:
        """Who holds the lock; None where nobody does."""
        try:
            answer = self.read()
        except S3_ERRORS as error:
            if code_of(error) in NONE:
                return None
            raise self.cannot(error) from error
        try:
            return holder_in(answer)
        except ValueError as error:
            raise ReconcileError(
                f"{self.name} is no lock: something else lies under this key",
                remedy="name another `key:` under `lock:` in reconcile.yaml",
                code=CANNOT,
            ) from error

    def read(self) -> Any:
        """The object; in the region that S3 names, if that is another one."""
        try:
            return self.client.get_object(Bucket=self.lock.bucket, Key=self.lock.key, **self.owner)
        except S3_ERRORS as error:
            region = region_named_by(error)
            if region is None:
                raise
        self.client = self.client_for(region)
        return self.client.get_object(Bucket=self.lock.bucket, Key=self.lock.key, **self.owner)

    def refuse_a_server_that_ignores_conditions(self) -> None:
        """Some S3-compatible servers take a conditional write for a plain one: a second taker must be refused."""
        try:
            self.write({"IfNoneMatch": "*"})
        except S3_ERRORS as error:
            if code_of(error) in TAKEN | BUSY:
                return
            raise self.cannot(error) from error
        raise ReconcileError(
            "this server ignores the conditions of conditional writes: no object can be a lock there",
            remedy="name a bucket of another server, or take `lock:` out of reconcile.yaml",
            code=CANNOT,
        )

    # ── holding ──────────────────────────────────────────────────────────────────────────────────────

    def beat(self) -> None:
        """Renew the lock until the run is over, or the lock is lost."""
        while not self._over.wait(self.lock.expires_after * BEAT):
            if not self.renew():
                return

    def renew(self) -> bool:
        """One heartbeat; False when the lock is not ours any more, or may not be for much longer."""
        try:
            self.write({"IfMatch": self.etag or ""})
        except S3_ERRORS as error:
            if code_of(error) in TAKEN | NONE:
                return self.is_still_ours()
            log.info("the lock could not be renewed", exc_info=True)
            next_one_takes = self.lock.expires_after * BEAT + self.longest_attempt
            if self.clock() - self.renewed + next_one_takes < self.lock.expires_after * GOOD_FOR:
                return True  # there is time for another heartbeat
            self.lost(f"{self.name} could not be renewed in time: {in_short(error)}", "see that S3 can be reached")
            return False
        return True

    def is_valid(self) -> bool:
        """Whether the lock surely still holds; asked before each call is begun.

        A machine that slept, a process that was stopped and a heartbeat that hangs renew nothing, and somebody else may
        have taken it over meanwhile.
        """
        if self.clock() - self.renewed < self.lock.expires_after * GOOD_FOR:
            return True
        self.lost(f"{self.name} has expired: somebody else may hold it", "run the same command again")
        return False

    def is_still_ours(self) -> bool:
        """Whether the lock is ours all the same: the answer to the heartbeat before may have been lost."""
        try:
            holder = self.holder()
        except ReconcileError as error:
            self.lost(f"{self.name} was lost: {error.message}", error.remedy)
            return False
        if holder is not None and holder.run == self.run:
            self.etag = holder.etag
            return True
        whose = f"{holder.owner} has taken it over" if holder else "somebody has deleted it"
        self.lost(f"{self.name} was lost: {whose}", "see who else applies to these buckets")
        return False

    def write(self, condition: dict[str, str]) -> None:
        """Write the lock on a condition. No two of them are the same, so that no two have the same ETag."""
        self.beats += 1
        self.sent = self.clock()
        body = {
            "kind": MARK,
            "run": self.run,
            "owner": owner_of_this_process(),
            "caller": self.caller,
            "started": self.started,
            "heartbeat": now_in_words(),
            "beats": self.beats,
            "expires_after": self.lock.expires_after,
        }
        answer = self.client.put_object(
            Bucket=self.lock.bucket,
            Key=self.lock.key,
            Body=json.dumps(body, indent=1).encode(),
            ContentType="application/json",
            **condition,
            **self.owner,
        )
        self.etag, self.renewed = answer["ETag"], self.sent

    def release(self) -> None:
        """Give the lock back; if that fails, it expires."""
        if self.etag is None:
            return
        try:
            self.client.delete_object(Bucket=self.lock.bucket, Key=self.lock.key, IfMatch=self.etag, **self.owner)
        except Exception:  # the run is over, whatever becomes of its lock
            log.info("the lock could not be released; it expires", exc_info=True)
        self.etag = None

    # ── refusals ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def name(self) -> str:
        """The lock, as people find it."""
        return f"the lock s3://{self.lock.bucket}/{self.lock.key}"

    def held(self, holder: Holder) -> Locked:
        """Somebody else is at work."""
        until = holder.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Locked(
            f"{self.name} is held by {holder}; unless that run renews it, it expires at {until}",
            remedy="wait for that run to end, then try again; the lock of a run that died expires by itself",
        )

    def cannot(self, error: Exception) -> ReconcileError:
        """The lock cannot be used at all."""
        fatal = credentials_refused(error)
        if fatal is not None:
            return fatal
        code = code_of(error)
        actions = "allow s3:GetObject, s3:PutObject and s3:DeleteObject on it, and s3:ListBucket on its bucket"
        why, remedy = {
            "NoSuchBucket": (
                "there is no such bucket",
                "create it first: no run creates the bucket of its own lock",
            ),
            **dict.fromkeys(DENIED, ("access denied", f"{actions}; the bucket must be this account's")),
            **dict.fromkeys(
                UNSUPPORTED,
                ("the server has no conditional writes", "name a bucket of another server, or take `lock:` out"),
            ),
        }.get(code, (in_short(error), "check `lock:` in reconcile.yaml, then try again"))
        return ReconcileError(f"{self.name} cannot be used: {why}", remedy=remedy, code=CANNOT)


def owner_of_this_process() -> str:
    """Whom to ask when the lock is in the way."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container whose user has no name
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"


def now() -> float:
    """Seconds that only grow; where the system can tell, also while the machine sleeps."""
    clock: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def now_in_words() -> str:
    """The local time, for people: nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
