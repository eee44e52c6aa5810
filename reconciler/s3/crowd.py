"""A crowd: threads that do whatever there is to do, in the order in which it was given to them.

Plainer than a pool of futures, which costs several times as much for each small piece of work. A thread is only
started when there is work for it. Nobody waits for these threads when something ends the run: what they are at is
reading, and an answer may take a minute.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from queue import Empty, SimpleQueue
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from reconciler.s3.limiter import heed, heeded, is_stopped

Work = Callable[[], None]
Item = TypeVar("Item")
Result = TypeVar("Result")
LOOKS_UP = 0.2
"""Seconds after which whoever waits for others looks whether the run goes on at all."""


class LeftError(Exception):
    """The run has ended elsewhere: nobody wants to know any more."""


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

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """The same for what has a result, or a mistake; `result_of` waits for it."""
        future: Future[Result] = Future()

        def fulfil() -> None:
            try:
                future.set_result(work(*arguments))
            except BaseException as error:
                future.set_exception(error)

        self.do(fulfil)
        return future

    def all(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The results of the same work on all items, in their order. Raises a mistake as soon as one is made."""
        futures = [self.submit(work, item) for item in items]
        while True:
            done, others = wait(futures, LOOKS_UP, FIRST_EXCEPTION)
            for future in done:
                future.result()
            if not others:
                return [future.result() for future in futures]
            refuse_when_stopped()

    def _run(self) -> None:
        heed(*self._heeded, self._stop)
        while not (self._left or is_stopped()):
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
        """What has not begun never does; what is under way is waited for, unless something has ended the run."""
        with self._changed:
            self._left = True
            self._stop.set()
            self._changed.notify_all()
        for thread in tuple(self._threads) if kind is None else ():
            thread.join()


def result_of(future: Future[Result]) -> Result:
    """What came of some work. Raises what it raised, and `LeftError` when the run ends meanwhile."""
    while True:
        try:
            return future.result(LOOKS_UP)
        except TimeoutError:
            if future.done():  # its own mistake, or done a moment ago
                return future.result()
            refuse_when_stopped()


def taken_from(queue: SimpleQueue[Result]) -> Result:
    """The next of what others put there. Raises `LeftError` when the run ends meanwhile."""
    while True:
        try:
            return queue.get(timeout=LOOKS_UP)
        except Empty:
            refuse_when_stopped()


def refuse_when_stopped() -> None:
    """Raise `LeftError` in a thread that is to wait no longer."""
    if is_stopped():
        raise LeftError
