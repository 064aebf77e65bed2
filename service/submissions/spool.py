"""Bytes on their way in: to a file of their own, to the disk, then under the name of their digest."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from service.problems.requests import RequestTooLarge, StorageFull
from service.problems.submissions import PackageUnreadable

FOLDER = "submissions"
INCOMING = "incoming-"
SUFFIX = ".tresub"
MODE = 0o660
GATHER_BYTES = 1 << 20
"""Bytes are handed to the disk in pieces of this size: a thread for each network packet costs more."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bytes that have arrived and belong to nothing yet."""

    path: Path
    sha256: str
    size_bytes: int

    def keep(self) -> Path:
        """Name the file by its digest, for good; the same bytes twice are one file."""
        kept = kept_path(self.path.parent.parent, self.sha256)
        self.path.replace(kept)
        folder = os.open(kept.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return kept

    def drop(self) -> None:
        """Remove the file, if it was not kept."""
        self.path.unlink(missing_ok=True)


def kept_path(spool: Path, sha256: str) -> Path:
    """Where a received delivery lies."""
    return spool / FOLDER / f"{sha256}{SUFFIX}"


async def take_in(chunks: AsyncIterator[bytes], spool: Path, *, name: str, length: int) -> Incoming:
    """Write a stream of `length` bytes to a new file and to the disk.

    Whatever goes wrong, the file is gone. Raises PackageUnreadable when the stream is not
    as long as was said, RequestTooLarge when it is longer, StorageFull.
    """
    path = spool / FOLDER / f"{INCOMING}{name}"
    try:
        return await _write(chunks, path, length)
    except BaseException as fault:
        path.unlink(missing_ok=True)
        if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from None
        raise


async def _write(chunks: AsyncIterator[bytes], path: Path, length: int) -> Incoming:
    digest, size, gathered = hashlib.sha256(), 0, bytearray()

    def to_disk(file: int) -> None:
        data = bytes(gathered)
        gathered.clear()
        digest.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]

    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > length:
                raise RequestTooLarge(limit_bytes=length)
            gathered += chunk
            if len(gathered) >= GATHER_BYTES:
                await asyncio.to_thread(to_disk, file)
        await asyncio.to_thread(to_disk, file)
        await asyncio.to_thread(os.fsync, file)
    finally:
        os.close(file)
    if size != length:
        raise PackageUnreadable
    return Incoming(path, digest.hexdigest(), size)


def sweep(spool: Path) -> None:
    """Remove what a crash left half taken in; only before the first request is answered."""
    for path in (spool / FOLDER).glob(f"{INCOMING}*"):
        path.unlink(missing_ok=True)
