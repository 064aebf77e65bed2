"""What tests that change a bundle share."""

from __future__ import annotations

import json
from typing import Any

Members = dict[str, bytes]
RELEASE = "releases/" + "ab" * 16
RELEASE_JSON = f"{RELEASE}/release.json"


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def release(members: Members) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(members[RELEASE_JSON])
    return fields
