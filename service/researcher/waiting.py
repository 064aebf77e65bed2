"""Waiting for what was asked, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Set as AbstractSet
from typing import Any

from service.client import Client

POLL_SECONDS = 0.5
QUERY_UNDER_WAY = frozenset({"asked", "answered"})
PREFLIGHT_UNDER_WAY = frozenset({"asked"})


def awaited(client: Client, asked: Any, place: str, under_way: AbstractSet[str], wait_seconds: float) -> Any:  # noqa: ANN401  # JSON
    """What was asked, once it is settled or the time is over; raises what requests of `client` do."""
    deadline = time.monotonic() + wait_seconds
    while asked["state"] in under_way and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        asked = client.get(place)
    return asked
