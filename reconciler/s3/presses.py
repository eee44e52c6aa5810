"""Ctrl-C, counted. KeyboardInterrupt may come between any two lines, also between those that deal with it."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Presses:
    """Counts how often somebody wanted to stop, instead of raising, as a context.

    Of SIGINT and whatever else is taken like it (the command line takes SIGTERM so). Only the main thread hears of
    signals; in any other, and where a program has handlers of its own, nothing is counted.
    """

    def __init__(self) -> None:
        self.count = 0
        self._taken: list[int] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is signal.default_int_handler:
                    signal.signal(number, self._press)
                    self._taken.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._taken:
            signal.signal(number, signal.default_int_handler)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
