"""Throttling: boto3's calls go through the limiter, and are made again while that makes sense.

botocore's own handler would sleep in each thread by itself and give up after some tries: in a fleet that is
throttled, buckets would fail that only had to wait. It is told to try once; the handler here decides instead. What
is worth another try is still botocore's word (`StandardRetryConditions`), and so is what counts as throttling.

A lost call has five tries, as many as before. A refused one is put back, to be sent when it is its turn, as long
as the server serves others.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.retries.standard import RetryEventAdapter, StandardRetryConditions, ThrottlingErrorDetector

from reconciler.s3.errors import REFUSED
from reconciler.s3.limiter import Limiter, NotSentError, is_stopped
from reconciler.s3.traffic import Traffic

ATTEMPTS = 5
"""Tries for a call that was lost; and for one that was refused by a server that has served nothing yet."""
PATIENCE = 300.0
"""Seconds without any call served in a region, after which a refusal is an error. A call that is refused for as long
while others are served, and more often than chance would have it, is one that is never served."""
TOO_OFTEN = 50
FIRST_PAUSE, FIRST_REFUSAL, LONGEST_PAUSE = 0.25, 0.5, 20.0
"""Seconds, before jitter: after a call was lost; after one was refused, for what the common pace does not settle."""
TRIES = "reconcile-tries"
"""Where a call keeps its tries, in botocore's own context of it."""


@dataclass(slots=True)
class Tries:
    """What one call has met so far."""

    lost: int = 0
    refused: int = 0
    since: float = 0.0
    """When it was first refused."""


class Throttling:
    """The part of one client in it."""

    def __init__(self, limiter: Limiter, traffic: Traffic) -> None:
        self.limiter = limiter
        self.traffic = traffic
        self._of_this_thread = threading.local()
        self._adapter = RetryEventAdapter()
        self._is_worth_a_try = StandardRetryConditions(ATTEMPTS).is_retryable
        self._is_throttling = ThrottlingErrorDetector(self._adapter).is_throttling_error_from_context

    def watch(self, client: Any) -> None:
        """Have all calls of a client go through the limiter."""
        client.meta.events.register_first("request-created.s3", self.wait)
        client.meta.events.register("needs-retry.s3", self.needs_retry)

    def wait(self, **_: Any) -> None:
        """A request is about to be signed and sent: wait for its turn, unless it has come already."""
        if not self.has_turn:
            self.limiter.enter()
        self.has_turn = False

    @property
    def has_turn(self) -> bool:
        """Whether the next request of this thread has had its wait."""
        return getattr(self._of_this_thread, "has_turn", False)

    @has_turn.setter
    def has_turn(self, has: bool) -> None:
        self._of_this_thread.has_turn = has

    def needs_retry(self, caught_exception: Exception | None, **said: Any) -> float | None:
        """A request has ended: whether it is sent again, which is when this returns."""
        context = self._adapter.create_retry_context(caught_exception=caught_exception, **said)
        refused = self.is_refused(context)
        self.limiter.leave(throttled=refused)
        if (refused and is_sent_once()) or is_stopped():
            return None
        tries = context.request_context.setdefault(TRIES, Tries())
        pause = self.after_refusal(tries) if refused else self.after_loss(tries, context)
        if pause is None:
            return None
        try:
            self.limiter.pause(pause)
            self.limiter.enter()
        except NotSentError:
            return None  # then what it has met so far is told
        self.has_turn = True
        self.traffic.repeated()
        return 0

    def is_refused(self, context: Any) -> bool:
        """Whether this is a refusal for the rate of calls."""
        answered = context.http_response
        return (answered is not None and answered.status_code in REFUSED) or self._is_throttling(context)

    def after_loss(self, tries: Tries, context: Any) -> float | None:
        """Seconds before a call is made again that was lost, or met a fault of the server; None where it is not."""
        tries.lost += 1
        context.attempt_number = tries.lost
        return jittered(FIRST_PAUSE, tries.lost) if self._is_worth_a_try(context) else None

    def after_refusal(self, tries: Tries) -> float | None:
        """Seconds before a call takes its next turn; None where it has waited long enough."""
        now, served_at = self.limiter.clock(), self.limiter.served_at
        tries.since = tries.since if tries.refused else now
        tries.refused += 1
        if served_at is None:
            return jittered(FIRST_REFUSAL, tries.refused) if tries.refused < ATTEMPTS else None
        nobody_is_served = now - max(tries.since, served_at) >= PATIENCE
        never_served = tries.refused >= TOO_OFTEN and now - tries.since >= PATIENCE
        if nobody_is_served or never_served:
            return None
        return jittered(FIRST_REFUSAL, tries.refused - ATTEMPTS)


_of_this_thread = threading.local()


@contextmanager
def sent_once() -> Iterator[None]:
    """Have a call of this thread that is refused raise at once.

    A turn may be minutes away, and somebody else may have written by then: whoever writes looks again before each try.
    """
    _of_this_thread.once = True
    try:
        yield
    finally:
        _of_this_thread.once = False


def is_sent_once() -> bool:
    """Whether what this thread is sending is not sent again when it is refused."""
    return getattr(_of_this_thread, "once", False)


def jittered(first: float, times: int) -> float:
    """A pause that doubles each time, a bit shorter by chance, so that not all come back at once."""
    if times <= 0:
        return 0
    return min(first * 2.0 ** min(times - 1, 16), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret
