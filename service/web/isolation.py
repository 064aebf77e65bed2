"""What the api should not be able to open, tried when it starts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from service.clock import Clock

ROLE = "api"


def still_open(closed: Mapping[str, Path], unwritable: Mapping[str, Path]) -> list[str]:
    """What this process can read or write though it should not, by name."""
    read = [f"read {name}" for name, path in closed.items() if _opens(path)]
    return sorted(read + [f"write to {name}" for name, path in unwritable.items() if _writes(path)])


def _opens(path: Path) -> bool:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


def _writes(folder: Path) -> bool:
    attempt = folder / f".attempt-{os.getpid()}"
    try:
        os.close(os.open(attempt, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        attempt.unlink()
    except OSError:
        return False
    return True


def write_status(folder: Path, opened: list[str], clock: Clock) -> None:
    """Write what was measured where the health page reads it."""
    status = {
        "role": ROLE,
        "pid": os.getpid(),
        "isolation": "reduced" if opened else "full",
        "open": opened,
        "seen_at": clock().isoformat(),
    }
    own = folder / ROLE
    own.mkdir(exist_ok=True)
    aside = own / f".{os.getpid()}"
    aside.write_text(json.dumps(status) + "\n")
    aside.replace(own / "status.json")
