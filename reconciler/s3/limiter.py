"""The limiter: how fast calls may begin, once a server has said SlowDown.

AWS tells nobody how many calls on buckets it allows a second, and each account, and each region of it, has a limit
of its own. Until the first refusal, as many calls are under way as there are threads. From then on, calls begin at
an even pace, which is found by trying: a little faster while nobody is refused, slower by what was refused.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from math import inf

from botocore.exceptions import BotoCoreError

START = 200.0
"""Calls a second after a first refusal that comes before anybody could measure."""
SLOWEST = 10.0
"""Calls a second that are always tried, so that a server that serves again is noticed."""
WINDOW, LEAST = 0.5, 10
"""The pace is changed after so many seconds and so many calls, not oftener: they show what the change before it did.
Half a second is longer than a round trip; a refusal of what began earlier does not count."""
UNDER = 0.97
"""How far the pace stays under what a server has just served."""
TOLERATED = 0.01
"""The part of refusals that is taken for chance: calls never come quite evenly, and some servers keep no reserve."""
FIRST_STEP, LONGER, LONGEST_STEP = 0.02, 2.0, 1.0
"""What a window without a refusal adds, as a part of the pace: the first one this, each one after it so many times as
much, none more than this. The last it is from the beginning where a server is known to serve more, or nobody knows."""
MEASURED = 4096
"""Calls whose times are kept until the first refusal, to measure what a server has served."""
LOOKS_UP = 0.25
"""Seconds after which whoever waits looks again whether it is their turn, or the run was stopped."""


class NotSentError(BotoCoreError):
    """The run was stopped while a call waited for its turn: it was not sent."""

    fmt = "not sent: the run was stopped while the server asked for fewer calls"


class Pace:
    """The arithmetic of the limiter, which neither waits nor asks for the time. Times are in seconds.

    Calls take numbered tickets. The tickets fall due one after the other, in the rhythm of the moment: a change of
    the rate moves all that are not due yet.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        """Calls that may begin in a second; None until the first refusal."""
        self.good = inf
        """The last rate at which most calls were served."""
        self.ends: deque[float] = deque(maxlen=MEASURED)
        """When the last calls ended, until the first refusal."""
        self._next = 0
        self._anchor, self._anchored_at = 0, 0.0
        """A ticket, and when it falls due: the others follow from it."""
        self._step = FIRST_STEP
        self._since = 0.0
        self._begin(0)

    # ── tickets ──────────────────────────────────────────────────────────────────────────────────────

    def take(self, now: float) -> int:
        """The next ticket."""
        ticket = self._next
        if self._due(ticket) <= now:  # nobody saves up for later: that would be a burst
            self._anchor, self._anchored_at = ticket, now
        else:
            self._is_used = True
        self._next += 1
        return ticket

    def wait(self, ticket: int, now: float) -> float:
        """How long until a ticket falls due; 0 or less where it has."""
        return self._due(ticket) - now

    def _due(self, ticket: int) -> float:
        assert self.rate is not None, "there are no tickets until the first refusal"
        return self._anchored_at + (ticket - self._anchor) / self.rate

    # ── what became of the calls ─────────────────────────────────────────────────────────────────────

    def ended(self, now: float, begun: float, *, throttled: bool) -> None:
        """A call that began at a time has ended."""
        if self.rate is None:
            if throttled:
                self._change(self._measured(now), now)
            else:
                self.ends.append(now)
            return
        if begun < self._since:
            return
        self._refused += throttled
        self._ended += 1
        if self._ended >= LEAST and now - self._since >= WINDOW:
            self._change(self._next_rate(), now)

    def _measured(self, now: float) -> float:
        """What was served within the last second; less than a second's calls show no rate, but how many it was."""
        lately = sum(end > now - 1 for end in self.ends)
        a_second = bool(self.ends) and self.ends[0] <= now - 1
        return lately * UNDER if a_second and lately >= LEAST else max(lately * UNDER, START)

    def _next_rate(self) -> float:
        """The rate after a window: by how much it was too fast, or a little faster, where it was made use of."""
        assert self.rate is not None, "windows begin with the first refusal"
        refused = self._refused / self._ended
        if refused > TOLERATED:
            self._step = FIRST_STEP
            if refused > 0.5:  # how much it was too fast nobody can tell
                return self.rate / 2
            self.good = self.rate * (1 - refused)
            return self.good * UNDER
        if not self._is_used:
            return self.rate
        if self.rate < self.good * UNDER**2:
            return min(self.rate * (1 + LONGEST_STEP), self.good * UNDER)
        step, self._step = self._step, min(self._step * LONGER, LONGEST_STEP)
        return self.rate * (1 + step)

    def _change(self, rate: float, now: float) -> None:
        """From now on, calls begin at this rate; those that are due have begun."""
        first = self._next
        if self.rate is not None:
            gone = int((now - self._anchored_at) * self.rate) + 1
            first = min(self._next, self._anchor + max(gone, 0))
        due = max(self._due(first), now) if self.rate is not None else now
        self.rate = max(rate, SLOWEST)
        self._anchor, self._anchored_at = first, due
        self._begin(now)

    def _begin(self, now: float) -> None:
        """A window begins."""
        self._since = now
        self._ended = self._refused = 0
        self._is_used = False


class Limiter:
    """One pace for all threads that ask one account in one region."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.pace = Pace()
        self.clock = clock
        self.sleep = sleep
        self.served_at: float | None = None
        """When a call has last ended as something else than a refusal; one that was lost, too."""
        self._lock = threading.Lock()
        self._own = threading.local()

    def enter(self) -> None:
        """Wait until a call of this thread may begin. Raises `NotSentError` when the run is stopped meanwhile."""
        if self.pace.rate is not None:
            self._wait()
        self._own.begun = self.clock()

    def _wait(self) -> None:
        with self._lock:
            ticket = self.pace.take(self.clock())
        while True:
            with self._lock:
                left = self.pace.wait(ticket, self.clock())
            if left <= 0:
                return
            self.pause(min(left, LOOKS_UP))

    def pause(self, seconds: float) -> None:
        """Sleep for so long. Raises `NotSentError` when the run is stopped meanwhile."""
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            if is_stopped():
                raise NotSentError
            self.sleep(min(left, LOOKS_UP))

    def leave(self, *, throttled: bool) -> None:
        """The call of this thread has ended: the server has refused it for its rate, or not."""
        now = self.clock()
        begun, self._own.begun = getattr(self._own, "begun", None), None
        if not throttled:
            self.served_at = now
        with self._lock:
            self.pace.ended(now, now if begun is None else begun, throttled=throttled)


# ── who stops waiting, and when ──────────────────────────────────────────────────────────────────────

_of_this_thread = threading.local()


def heed(*stops: threading.Event) -> None:
    """Have this thread wait no longer for a turn once one of these is set; what is under way goes on."""
    _of_this_thread.stops = stops


def heeded() -> tuple[threading.Event, ...]:
    """What this thread heeds; threads that it starts for a part of its work are to heed the same."""
    stops: tuple[threading.Event, ...] = getattr(_of_this_thread, "stops", ())
    return stops


def is_stopped() -> bool:
    """Whether this thread is to wait no longer."""
    return any(stop.is_set() for stop in heeded())
