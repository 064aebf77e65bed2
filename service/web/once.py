"""What counts once: names that were seen are remembered for as long as they would be believed."""

from __future__ import annotations

import heapq
from datetime import datetime
from threading import Lock


class Once:
    """The memory of one process; what was signed before it began is not believed at all.

    Otherwise a restart would forget what was seen just before.
    """

    def __init__(self, began: datetime) -> None:
        self.began = began
        self._lock = Lock()
        self._seen: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []

    def is_new(self, name: bytes, *, now: datetime, until: float) -> bool:
        """Whether a name was not seen before; it is remembered until a moment (seconds since 1970)."""
        with self._lock:
            while self._ends and self._ends[0][0] < now.timestamp():
                self._seen.discard(heapq.heappop(self._ends)[1])
            if name in self._seen:
                return False
            self._seen.add(name)
            heapq.heappush(self._ends, (until, name))
            return True

    def __len__(self) -> int:
        return len(self._seen)
