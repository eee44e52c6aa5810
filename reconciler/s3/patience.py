"""Which refusals of S3 pass by themselves, and how long to wait for each.

Lost connections, and reads that are throttled, are tried again a floor below (`reconciler.s3.throttling`). What follows
here botocore never retries (measured with 1.44), or is not to: a write that was refused.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.s3.errors import S3_ERRORS, code_of, is_about_a_principal, is_throttled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, for what usually passes."""

    busy: float = 120
    """409 OperationAborted: another write to this bucket, or its name being deleted."""
    newborn: float = 120
    """404 NoSuchBucket for a bucket that this run has just created."""
    throttled: float = 300
    """503 SlowDown, or 429, for a write: it is looked at again before each try."""
    principal: float = 60
    """400 MalformedPolicy for a principal that was created seconds ago; a typo looks the same."""
    visible: float = 60
    """A bucket that was deleted and that HEAD still shows. Each document has its own time: `S3Api.visible_within`."""
    settled: float = 10
    """A document that reads as it was before a write whose answer was lost: it may be a moment behind."""
    first_pause: float = 0.25
    longest_pause: float = 5
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the run is stopped: what has not passed by then is waited for no longer."""

    def limit(self, error: Exception, *, newborn: bool) -> float:
        """How long this error is worth waiting for; 0 for one that stays."""
        code = code_of(error)
        if code == "OperationAborted":
            return self.busy
        if is_throttled(error):
            return self.throttled
        if newborn and code in ("NoSuchBucket", "404", "TemporaryRedirect"):
            return self.newborn
        if is_about_a_principal(error):
            return self.principal
        return 0

    def persist(self, call: Callable[[], T], *, newborn: bool = False) -> T:
        """Call until it works, or until what it raises does not pass any more.

        Each kind of error has its own time, from when it was first met: a bucket that takes a minute to be known
        leaves a new principal all of its own minute.
        """
        first_met: dict[str, float] = {}
        pause = self.first_pause
        while True:
            try:
                return call()
            except S3_ERRORS as error:
                since = first_met.setdefault(code_of(error), self.clock())
                if self.stop.is_set() or self.clock() - since >= self.limit(error, newborn=newborn):
                    raise
                pause = self.longer(pause)

    def until(self, is_right: Callable[[T], bool], look: Callable[[], T], within: float) -> T:
        """Look until what is seen is right, or until there is no more time; what was seen last."""
        started, pause = self.clock(), self.first_pause
        seen = look()
        while not (is_right(seen) or self.stop.is_set() or self.clock() - started >= within):
            pause = self.longer(pause)
            seen = look()
        return seen

    def longer(self, pause: float) -> float:
        """Wait this long, and say how long to wait the next time."""
        self.wait(pause)
        return min(pause * 2, self.longest_pause)

    def wait(self, pause: float) -> None:
        """Sleep for about this long: not in step with everybody else."""
        (self.sleep or self.stop.wait)(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
