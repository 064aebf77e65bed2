"""Sealing: an age file written as a stream, in constant memory, to one recipient or more."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from linkage_engine.contract.refusals import CannotSeal, RefusalCode
from linkage_engine.sealing.header import write_header
from linkage_engine.sealing.recipient import FILE_KEY_BYTES, Recipient
from linkage_engine.sealing.stream import CHUNK_BYTES, NONCE_BYTES, chunk_nonce, payload_cipher

_COPY_BYTES = 1 << 20


class Target(Protocol):
    """Whatever takes ciphertext: a buffered binary file, or one that digests what passes."""

    def write(self, data: bytes, /) -> object:
        """Take all of it."""


class SealingWriter:
    """A file to write plaintext to; only ciphertext reaches the target.

    Made for writers such as `pyarrow.parquet.ParquetWriter`, so that a table is never in clear on a
    disk. Used in a `with` statement: an exception inside leaves the file without its last chunk, and
    no reader will open it. The target stays open. Raises `CannotSeal`,
    RECIPIENT_INVALID, when there is no recipient.
    """

    def __init__(
        self, target: Target, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]
    ) -> None:
        if not recipients:
            raise CannotSeal(RefusalCode.RECIPIENT_INVALID)
        file_key, nonce = random(FILE_KEY_BYTES), random(NONCE_BYTES)
        self._target = target
        self._cipher = payload_cipher(file_key, nonce)
        self._pending = bytearray()
        self._chunks = 0
        self.closed = False
        self._target.write(write_header([r.wrap(file_key) for r in recipients], file_key) + nonce)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take plaintext; a chunk is sealed once it is known not to be the last."""
        if self.closed:
            raise ValueError("write to a closed file")  # as every Python file does
        given = memoryview(data).cast("B")
        start = min(CHUNK_BYTES - len(self._pending), len(given)) if self._pending else 0
        self._pending += given[:start]
        if self._pending and start < len(given):
            self._seal_pending(is_last=False)
        # Whole chunks are sealed where they lie: only what may be the last one is copied.
        while len(given) - start > CHUNK_BYTES:
            self._seal_chunk(given[start : start + CHUNK_BYTES], is_last=False)
            start += CHUNK_BYTES
        self._pending += given[start:]
        return len(given)

    def flush(self) -> None:
        """Nothing: a chunk leaves when it is full."""

    def close(self) -> None:
        """Seal the last chunk; the target stays open."""
        if not self.closed:
            self._seal_pending(is_last=True)
            self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()

    def _discard(self) -> None:
        self._pending.clear()
        self.closed = True

    def _seal_pending(self, *, is_last: bool) -> None:
        self._seal_chunk(self._pending, is_last=is_last)
        self._pending.clear()

    def _seal_chunk(self, plaintext: bytearray | memoryview, *, is_last: bool) -> None:
        nonce = chunk_nonce(self._chunks, is_last=is_last)
        self._target.write(self._cipher.encrypt(nonce, plaintext, None))
        self._chunks += 1


def seal(
    source: BinaryIO, target: Target, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]
) -> None:
    """Seal all of a source to every recipient, in constant memory; raises as `SealingWriter` does."""
    with SealingWriter(target, recipients=recipients, random=random) as writer:
        shutil.copyfileobj(source, writer, _COPY_BYTES)


def seal_bytes(plaintext: bytes, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]) -> bytes:
    """The sealed file of some bytes."""
    target = io.BytesIO()
    seal(io.BytesIO(plaintext), target, recipients=recipients, random=random)
    return target.getvalue()
