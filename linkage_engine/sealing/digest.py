"""The digest and size of a sealed file, computed beside its writing."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

_BATCH_PIECES = 8


@dataclass(frozen=True, slots=True)
class SealedDigest:
    """What identifies a sealed file: the digest and size of its ciphertext."""

    sha256: str
    size_bytes: int


class DigestingFile:
    """A file to write to that passes everything on, and knows the SHA-256 of it all at the end.

    SHA-256 takes longer than sealing does, so it runs on a thread of its own, one batch of pieces behind.
    The target stays open.
    """

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._batch: list[bytes] = []
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._hashing: Future[None] | None = None

    def write(self, data: bytes, /) -> int:
        """Pass the bytes on, and hash them in time."""
        written = self._target.write(data)
        self._size_bytes += written
        self._batch.append(data)
        if len(self._batch) == _BATCH_PIECES:
            self._wait()
            self._hashing = self._thread.submit(self._update, self._batch)
            self._batch = []
        return written

    def finish(self) -> SealedDigest:
        """What was written."""
        self._wait()
        self._update(self._batch)  # here: a short file starts no thread
        self._batch = []
        self._thread.shutdown()
        return SealedDigest(self._hash.hexdigest(), self._size_bytes)

    def _update(self, batch: list[bytes]) -> None:
        for piece in batch:
            self._hash.update(piece)

    def _wait(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None
