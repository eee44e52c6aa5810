"""Lanes: one function over many buckets, so many at a time, in threads that nobody has to wait for.

Python waits for the threads of its own pools before it ends. These are left where they are when somebody stops
the run at once, in the middle of a call that may take minutes to be answered.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Ended = TypeVar("Ended")


class Lanes(Generic[Item, Ended]):
    """Work on all items; `ended` holds what came of those that are done, by position."""

    def __init__(self, work: Callable[[Item], Ended], items: Sequence[Item], width: int) -> None:
        self.ended: dict[int, Ended] = {}
        self.done = Event()
        self._work = work
        self._todo = deque(enumerate(items))
        self._lock = Lock()
        self._mistakes: list[BaseException] = []
        self._running = min(width, len(items))
        if not items:
            self.done.set()
        for number in range(self._running):
            Thread(target=self._run, name=f"apply-{number}", daemon=True).start()

    def _run(self) -> None:
        try:
            while self._todo:
                try:
                    position, item = self._todo.popleft()
                except IndexError:  # another thread was faster
                    break
                self.ended[position] = self._work(item)
        except BaseException as mistake:
            self._mistakes.append(mistake)
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self.done.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Until all is done, or for so long; whether it is done. Raises what the work has raised."""
        done = self.done.wait(seconds)
        if done and self._mistakes:
            raise self._mistakes[0]
        return done
