"""One piece on its way in: to the file, to the disk, and noted only when it is there."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from io import FileIO

from starlette.requests import ClientDisconnect

from service.problems.requests import RequestTooLarge, StorageFull
from service.problems.uploads import ChecksumDiffers
from service.uploads.files import room_needed
from service.uploads.rules import Checksum

GATHER_BYTES = 1 << 20
"""Bytes are handed to the disk in pieces of this size: a thread for each network packet costs more."""
NOTE_BYTES = 16 << 20
"""No more than this much of a long piece has to be sent again when the service dies."""
Note = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a piece belongs, how long it said it was, and what its digest has to be."""

    file: FileIO
    start: int
    length: int
    checksum: Checksum | None = None


async def take_in(chunks: AsyncIterator[bytes], piece: Piece, *, note: Note, idle_seconds: float) -> int:
    """Write a piece behind what is there; the offset up to which it is on the disk.

    That is short of the piece's end when the sender broke off, or sent nothing for
    `idle_seconds`. `note` is told offsets that are reached for good on the way. A piece with a
    checksum is kept whole or not at all. Raises ChecksumDiffers, RequestTooLarge, StorageFull.
    """
    writing = _Writing(piece, note)
    await asyncio.to_thread(writing.cut)
    try:
        with room_needed():
            async for data in _gathered(chunks, idle_seconds):
                await asyncio.to_thread(writing.take, data)
            return await asyncio.to_thread(writing.end)
    except (StorageFull, RequestTooLarge):
        await asyncio.to_thread(writing.cut)
        raise


async def _gathered(chunks: AsyncIterator[bytes], idle_seconds: float) -> AsyncIterator[bytes]:
    """The same bytes in larger pieces, up to their end or to where the sender broke off."""
    gathered = bytearray()
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                gathered += await anext(chunks)
            if len(gathered) >= GATHER_BYTES:
                yield bytes(gathered)
                gathered.clear()
    except (StopAsyncIteration, ClientDisconnect, TimeoutError):
        yield bytes(gathered)


class _Writing:
    """A piece being written: `noted` is on the disk, `reached` is in the file."""

    def __init__(self, piece: Piece, note: Note) -> None:
        self._piece = piece
        self._note = note
        self._noted = self._reached = piece.start
        self._end = piece.start + piece.length
        checksum = piece.checksum
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None

    def cut(self) -> None:
        """Forget what is behind the noted offset."""
        self._piece.file.truncate(self._noted)
        self._piece.file.seek(self._noted)
        self._reached = self._noted

    def take(self, data: bytes) -> None:
        """Write some bytes, and note where they end when there were many."""
        if self._reached + len(data) > self._end:
            raise RequestTooLarge(limit_bytes=self._piece.length)
        view = memoryview(data)
        while view:
            view = view[self._piece.file.write(view) :]
        self._reached += len(data)
        if self._digest:
            self._digest.update(data)
        elif self._reached - self._noted >= NOTE_BYTES:
            self._sync()
            self._note(self._noted)

    def end(self) -> int:
        """Bring to the disk what may stay; the offset."""
        checksum, whole = self._piece.checksum, self._reached == self._end
        right = not (checksum and self._digest) or self._digest.digest() == checksum.digest
        if not right or (checksum and not whole):
            self.cut()
        if whole and not right:
            raise ChecksumDiffers
        self._sync()
        return self._noted

    def _sync(self) -> None:
        os.fdatasync(self._piece.file)
        self._noted = self._reached
