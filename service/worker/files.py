"""Reading and writing files in folders where somebody hostile may write too.

Whoever may write a folder can put a link or a pipe where a file was, and whoever owns a file can
change it between two looks. So nothing is followed or waited for, and what is read the second
time is digested again.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from linkage_engine.contract.refusals import NotTrusted, RefusalCode

CHUNK = 1 << 20


def open_regular(path: Path) -> BinaryIO:
    """A regular file, to be read; raises OSError for a link, a pipe, a device or a folder."""
    # Non-blocking: to open a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return os.fdopen(descriptor, "rb")


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of a file from where it stands."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def held_to(file: BinaryIO, sha256: str, code: RefusalCode) -> BinaryIO:
    """The same bytes once more; their end is reached only if they are still those of the digest.

    Raises NotTrusted with the code in place of the end of a file that was changed since it was digested.
    """
    return io.BufferedReader(_HeldTo(file, sha256, code), CHUNK)


class _HeldTo(io.RawIOBase):
    def __init__(self, file: BinaryIO, sha256: str, code: RefusalCode) -> None:
        self._file, self._sha256, self._code = file, sha256, code
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]  # what a reader gives it
        try:
            data = self._file.read(len(into))
        except (OSError, tarfile.TarError):  # cut short by now
            raise NotTrusted(self._code) from None
        if not data and self._digest.hexdigest() != self._sha256:
            raise NotTrusted(self._code)
        self._digest.update(data)
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a file whole from bytes."""

    def write(file: BinaryIO) -> None:
        file.write(data)

    replace_file(path, write)


def replace_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole: aside, to the disk, then under its name.

    What a killed writer left aside is thrown away: one process of a role writes a file. Anything that
    somebody else put there is not written through.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.unlink(missing_ok=True)
    made = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    with os.fdopen(made, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
