"""Time, randomness and identifiers, as they are passed to whatever needs them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""
Randomness = Callable[[int], bytes]
"""So many unpredictable bytes: secrets.token_bytes in production."""


def utc_now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def new_id(clock: Clock, random: Randomness) -> str:
    """A UUID of version 7 (RFC 9562 §5.7): sorts by time, tells nothing else."""
    milliseconds = int(clock().timestamp() * 1000)
    noise = int.from_bytes(random(10), "big") >> 6
    value = milliseconds << 80 | 0x7 << 76 | noise >> 62 << 64 | 0b10 << 62 | noise & (1 << 62) - 1
    return str(uuid.UUID(int=value))
