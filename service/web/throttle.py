"""Attempts are counted: so many by a name within a while, then none is looked at until some are over."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import datetime
from threading import Lock

WINDOW_SECONDS = 900


class Throttle:
    """The memory of one process; names are kept as digests, and only as long as they count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._attempts: dict[bytes, deque[float]] = {}

    def attempt(self, name: str, most: int, now: datetime) -> int:
        """Count an attempt; the seconds to wait where there were too many already, else nought."""
        moment, key = now.timestamp(), hashlib.sha256(name.encode()).digest()
        with self._lock:
            self._forget_old(moment)
            made = self._attempts.setdefault(key, deque())
            if len(made) >= most:
                return max(1, int(made[0] + WINDOW_SECONDS - moment))
            made.append(moment)
            return 0

    def forget(self, name: str) -> None:
        """Start counting anew: the attempt was right."""
        with self._lock:
            self._attempts.pop(hashlib.sha256(name.encode()).digest(), None)

    def _forget_old(self, moment: float) -> None:
        for key in list(self._attempts):
            made = self._attempts[key]
            while made and made[0] <= moment - WINDOW_SECONDS:
                made.popleft()
            if not made:
                del self._attempts[key]

    def __len__(self) -> int:
        return len(self._attempts)
