"""A crowd: threads that do whatever there is to do, in the order in which it was given to them.

Plainer than a pool of futures, which costs several times as much for each small piece of work. A thread is only
started when there is work for it.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

Work = Callable[[], None]


class Crowd:
    """So many threads at the most. Work catches what it raises itself."""

    def __init__(self, width: int, name: str) -> None:
        self.width = width
        self.name = name
        self._todo: SimpleQueue[Work | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._left = False

    def do(self, work: Work) -> None:
        """Have this done as soon as somebody is free."""
        self._todo.put(work)
        if len(self._threads) < self.width:
            thread = Thread(target=self._run, name=f"{self.name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while (work := self._todo.get()) is not None and not self._left:
            work()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """What has not begun never does; what is under way is waited for."""
        self._left = True
        threads = tuple(self._threads)
        for _ in threads:
            self._todo.put(None)
        for thread in threads:
            thread.join()
