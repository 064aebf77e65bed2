"""What each process last said of itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class ProcessShown(BaseModel):
    """A process: its measured isolation, what it found open, and when it was last seen."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    role: str
    isolation: Literal["full", "reduced", "cluster"]
    """`full` never speaks for the control database, which all processes share."""
    open: tuple[str, ...]
    seen_at: datetime


def processes(folder: Path) -> list[ProcessShown]:
    """The processes that have written a status, by role; a file that cannot be read is left out.

    So is what a process says in another's name: each writes in a folder of its own.
    """
    found = []
    for path in sorted(folder.glob("*/status.json")):
        try:
            shown = ProcessShown.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        if shown.role == path.parent.name:
            found.append(shown)
    return found
