"""Files in a new folder: all of them or none."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from service.problems.publication import FolderInTheWay


def write_folder(files: Iterable[tuple[str, bytes]], folder: Path) -> int:
    """Write files by their paths into a new folder that everybody may read, all of them or none: how many.

    They are written beside it and take its name together; what a killed writer left there is removed
    first. Raises FolderInTheWay, OSError.
    """
    if folder.exists() or folder.is_symlink():
        raise FolderInTheWay
    aside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        written = 0
        for written, (name, data) in enumerate(files, 1):  # noqa: B007  # how many there were
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        aside.rename(folder)
        return written
    finally:
        shutil.rmtree(aside, ignore_errors=True)
