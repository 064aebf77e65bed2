"""What the api should not be able to open, tried when it starts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from service.clock import Clock

ROLE = "api"


def still_open(paths: Mapping[str, Path]) -> list[str]:
    """The names of those paths that this process can read."""
    return sorted(name for name, path in paths.items() if _opens(path))


def _opens(path: Path) -> bool:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            os.close(os.open(path, os.O_RDONLY))
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
    aside = folder / f".{ROLE}.{os.getpid()}"
    aside.write_text(json.dumps(status) + "\n")
    aside.replace(folder / f"{ROLE}.json")
