"""Traffic: how many calls a run has made, of which kind, and what came over the wire."""

import threading
from collections import Counter


class Traffic:
    """Counts from all threads of a run."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        """Requests that were sent, by operation in S3's spelling; each try counts."""
        self.received = 0
        """Bytes of the bodies that came back."""
        self.retries = 0
        """Requests that were sent once more, for a throttled or lost one."""
        self._lock = threading.Lock()

    def sent(self, operation: str) -> None:
        """A request is on its way."""
        with self._lock:
            self.calls[operation] += 1

    def got(self, size: int) -> None:
        """An answer of so many bytes has come."""
        with self._lock:
            self.received += size

    def repeated(self) -> None:
        """A request is going to be sent once more."""
        with self._lock:
            self.retries += 1

    @property
    def total(self) -> int:
        """How many requests were sent."""
        with self._lock:
            return sum(self.calls.values())
