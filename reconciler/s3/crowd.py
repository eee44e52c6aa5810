"""A crowd: threads that do whatever there is to do, in the order in which it was given to them.

Plainer than a pool of futures, which costs several times as much for each small piece of work. A thread is only
started when there is work for it.
"""

from collections import deque
from collections.abc import Callable
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Self

from reconciler.s3.limiter import heed, heeded

Work = Callable[[], None]


class Crowd:
    """So many threads at the most. Work catches what it raises itself."""

    def __init__(self, width: int, name: str) -> None:
        self.width = width
        self.name = name
        self._todo: deque[Work] = deque()
        self._threads: list[Thread] = []
        self._changed = Condition()
        self._idle = 0
        """Threads that wait for something to do, or are about to."""
        self._left = False
        self._heeded, self._stop = heeded(), Event()

    def do(self, work: Work) -> None:
        """Have this done as soon as somebody is free."""
        self._todo.append(work)
        if self._idle:
            with self._changed:
                self._changed.notify()
        if len(self._todo) > self._idle and len(self._threads) < self.width:
            thread = Thread(target=self._run, name=f"{self.name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        heed(*self._heeded, self._stop)
        while not self._left:
            try:
                work = self._todo.popleft()
            except IndexError:
                self._wait()
            else:
                work()

    def _wait(self) -> None:
        with self._changed:
            self._idle += 1  # before looking: whoever gives work from now on sees that somebody waits for it
            while not (self._todo or self._left):
                self._changed.wait()
            self._idle -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """What has not begun never does; what is under way is waited for."""
        with self._changed:
            self._left = True
            self._stop.set()
            self._changed.notify_all()
        for thread in tuple(self._threads):
            thread.join()
