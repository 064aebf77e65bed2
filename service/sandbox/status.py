"""A worker's sign of life: its measured isolation, written where the api's health page reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from service.clock import Clock


def write_status(folder: Path, role: str, *, isolation: str, opened: Sequence[str], clock: Clock) -> None:
    """Replace the status of a process: role, process id, isolation, what was found open, and when."""
    status = {
        "role": role,
        "pid": os.getpid(),
        "isolation": isolation,
        "open": sorted(opened),
        "seen_at": clock().isoformat(),
    }
    own = folder / role
    own.mkdir(exist_ok=True)
    aside = own / f".{os.getpid()}"
    aside.write_text(json.dumps(status) + "\n")
    aside.replace(own / "status.json")
