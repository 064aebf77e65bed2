"""The files of uploads: one for each, held by one request at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from service.problems.requests import NotFound, StorageFull
from service.problems.uploads import UploadLocked

FOLDER = "uploads"
MODE = 0o640
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a disk, a quota or a limit of the process says when there is no room."""


def file_of(spool: Path, upload_id: str) -> Path:
    """Where the bytes of an upload lie."""
    return spool / FOLDER / upload_id


def make(path: Path) -> None:
    """An empty file, for good; raises StorageFull."""
    with room_needed():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE))
        sync_folder(path.parent)


@contextmanager
def room_needed() -> Iterator[None]:
    """Raises StorageFull in place of the operating system's words for it."""
    try:
        yield
    except OSError as fault:
        if fault.errno in FULL:
            raise StorageFull from None
        raise


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path) -> Iterator[FileIO]:
    """The file, for this request alone; the lock ends with the process, however that ends.

    Raises UploadLocked while another request has it, NotFound where there is no file, or no longer:
    whoever had it may have removed it between our opening it and our lock.
    """
    try:
        file = FileIO(path, "r+b")
    except FileNotFoundError:
        raise NotFound from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadLocked from None
        if not _is_named(path, file):
            raise NotFound
        yield file


def _is_named(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def size_of(path: Path) -> int:
    """The bytes that are there; raises NotFound where there is no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise NotFound from None
