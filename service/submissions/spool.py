"""Where received deliveries lie: under the name of their digest."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from service.uploads.files import room_needed, sync_folder

FOLDER = "submissions"
SUFFIX = ".tresub"


def kept_path(spool: Path, sha256: str) -> Path:
    """Where a received delivery lies."""
    return spool / FOLDER / f"{sha256}{SUFFIX}"


def forget(spool: Path, sha256: str) -> None:
    """Remove the sealed bytes of a delivery that was withdrawn; nothing happens when there are none."""
    kept = kept_path(spool, sha256)
    if kept.exists():
        kept.unlink()
        sync_folder(kept.parent)


def keep(path: Path, spool: Path, sha256: str) -> None:
    """Give a file the name of its digest too, for good; the same bytes twice are one file.

    Its old name stays until the delivery is committed: a crash between the two loses nothing.
    Raises StorageFull where the folder has no room for another name.
    """
    kept = kept_path(spool, sha256)
    with room_needed():
        with suppress(FileExistsError):
            os.link(path, kept)
        sync_folder(kept.parent)
