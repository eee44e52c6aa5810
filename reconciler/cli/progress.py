"""How far a run has come: one line on stderr that comes within half a second, and is gone when all is done.

Where nobody sits at a terminal there is a plain line every ten seconds instead, for whoever reads the log of a job.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.console import Console, is_terminal
from reconciler.inert import inert
from reconciler.meter import Traffic

if TYPE_CHECKING:
    from reconciler.run import Planned

FIRST = 0.3
"""Seconds until the line is drawn: whatever is faster needs none."""
AGAIN = 0.2
"""Seconds from one drawing to the next."""
PLAIN = 10.0
"""Seconds from one plain line to the next, where there is no terminal."""
HIDE = "\r\x1b[K"
"""To the beginning of the line, and all of it taken away (ECMA-48)."""


class Progress:
    """The meter of a command: shows how far it has come, and keeps how long each phase took."""

    def __init__(self, console: Console, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic):
        self.console = console
        self.stream = stream if stream is not None else sys.stderr
        self.clock = clock
        self.draws = is_terminal(self.stream) and console.environment.get("TERM") != "dumb" and not console.quiet
        self.tells = not (self.draws or console.quiet or console.json)
        self.phases: dict[str, float] = {}
        """Seconds, by what was done meanwhile."""
        self._lock = RLock()
        self._lap_began = clock()
        self._what = "Loading specs"
        self._total = 0
        self._done = 0
        self._began = clock()
        self._calls_before = 0
        self._traffic: Traffic = NO_TRAFFIC
        self._shown = False
        self._over = Event()

    # ── what the run tells ───────────────────────────────────────────────────────────────────────────

    def lap(self, phase: str) -> None:
        """A phase has ended: what comes next has nothing to count yet."""
        with self._lock:
            now = self.clock()
            self.phases[phase] = self.phases.get(phase, 0.0) + now - self._lap_began
            self._lap_began = now
            self._begin("Asking S3", 0, NO_TRAFFIC)

    @contextmanager
    def over(self, what: str, total: int, traffic: Traffic) -> Iterator[Callable[[], None]]:
        """So many buckets are going to be worked on."""
        with self._lock:
            self._begin(what, total, traffic)
        self.console.reports.began(what, total)
        yield self._count
        self.console.reports.ended(what, total)
        with self._lock:
            self._begin(what, 0, NO_TRAFFIC)

    def _begin(self, what: str, total: int, traffic: Traffic) -> None:
        self._what, self._total, self._traffic = what, total, traffic
        self._done, self._began, self._calls_before = 0, self.clock(), traffic.total

    def _count(self) -> None:
        with self._lock:
            self._done += 1

    # ── what people see ──────────────────────────────────────────────────────────────────────────────

    @property
    def line(self) -> str:
        """How far it has come, in words."""
        with self._lock:
            if not self._total:
                return f"{self._what} …"
            buckets = "bucket" if self._total == 1 else "buckets"
            words = [f"{self._what} {self._done:,} of {self._total:,} {buckets}"]
            elapsed = self.clock() - self._began
            if elapsed > 0:
                words.append(f"{(self._traffic.total - self._calls_before) / elapsed:,.0f} calls/s")
            if self._traffic.retries:
                words.append(f"{self._traffic.retries:,} {'retry' if self._traffic.retries == 1 else 'retries'}")
            if self._done:
                words.append(f"{in_words(elapsed / self._done * (self._total - self._done))} left")
            return " · ".join(words)

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Show it meanwhile; what is written in between stands above it."""
        if not (self.draws or self.tells):
            yield self
            return
        self.console.progress = self
        ticking = Thread(target=self._tick, name="progress", daemon=True)
        ticking.start()
        try:
            yield self
        finally:
            self._over.set()
            ticking.join()
            self.console.progress = None
            self._hide()

    def _tick(self) -> None:
        pause = FIRST if self.draws else PLAIN
        while not self._over.wait(pause):
            if self.draws:
                self.draw()
            else:
                self.console.notice(self.line)
            pause = AGAIN if self.draws else PLAIN

    def draw(self) -> None:
        """Write the line over itself; never more than fits, for a second line would stay."""
        style = self.console.style(self.stream)
        text = style.fit(inert(self.line))[: style.width - 1]
        with self._lock:
            self._write(f"{HIDE}{style.dim(text)}")
            self._shown = True

    def _hide(self) -> None:
        with self._lock:
            if self._shown:
                self._write(HIDE)
                self._shown = False

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Nothing of it is to be seen while something else is written."""
        with self._lock:
            self._hide()
            yield

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # whoever watched has left
            self.draws = False


class NoTraffic:
    """Where nothing is counted yet."""

    retries = 0
    total = 0


NO_TRAFFIC: Traffic = NoTraffic()


def in_words(seconds: float) -> str:
    """A time to wait, as coarse as it is certain."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def tell_stats(progress: Progress, planned: "Planned") -> None:
    """What the run took, on stderr."""
    from resource import RUSAGE_SELF, getrusage

    from reconciler.reports.stats import Stats, render_stats

    traffic = planned.clients.traffic
    peak = getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # getrusage(2) of each
    stats = Stats(len(planned.changeset.plans), traffic.calls, traffic.received, traffic.retries, progress.phases, peak)
    progress.console.message(render_stats(stats, progress.console.style(progress.stream)))
