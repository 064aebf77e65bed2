"""Sealing: an age file written as a stream, in constant memory, to one recipient or more."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from linkage_engine.contract.refusals import CannotSeal, RefusalCode
from linkage_engine.sealing.header import write_header
from linkage_engine.sealing.recipient import FILE_KEY_BYTES, Recipient
from linkage_engine.sealing.stream import CHUNK_BYTES, NONCE_BYTES, chunk_nonce, payload_cipher

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SealedDigest:
    """What identifies a sealed file: the digest and size of its ciphertext."""

    sha256: str
    size_bytes: int


class SealingWriter:
    """A file to write plaintext to; only ciphertext reaches the target.

    Made for writers such as `pyarrow.parquet.ParquetWriter`, so that a table is never in clear on a
    disk. Used in a `with` statement: an exception inside leaves the file without its last chunk, and
    no reader will open it. The target, a buffered binary file, stays open. Raises `CannotSeal`,
    RECIPIENT_INVALID, when there is no recipient.
    """

    def __init__(
        self, target: BinaryIO, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]
    ) -> None:
        if not recipients:
            raise CannotSeal(RefusalCode.RECIPIENT_INVALID)
        file_key, nonce = random(FILE_KEY_BYTES), random(NONCE_BYTES)
        self._target = target
        self._cipher = payload_cipher(file_key, nonce)
        self._hash = hashlib.sha256()
        self._sealed_bytes = 0
        self._pending = bytearray()
        self._chunks = 0
        self.closed = False
        self._put(write_header([r.wrap(file_key) for r in recipients], file_key) + nonce)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take plaintext; a chunk is sealed once it is known not to be the last."""
        if self.closed:
            raise ValueError("write to a closed file")  # as every Python file does
        self._pending += data
        start = 0
        while len(self._pending) - start > CHUNK_BYTES:
            self._seal_chunk(bytes(self._pending[start : start + CHUNK_BYTES]), is_last=False)
            start += CHUNK_BYTES
        del self._pending[:start]
        return len(data)

    def flush(self) -> None:
        """Nothing: a chunk leaves when it is full."""

    def close(self) -> None:
        """Seal the last chunk; the target stays open."""
        if not self.closed:
            self._seal_chunk(bytes(self._pending), is_last=True)
            self._discard()

    def finish(self) -> SealedDigest:
        """Close, and say what was written."""
        self.close()
        return SealedDigest(self._hash.hexdigest(), self._sealed_bytes)

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

    def _seal_chunk(self, plaintext: bytes, *, is_last: bool) -> None:
        self._put(self._cipher.encrypt(chunk_nonce(self._chunks, is_last=is_last), plaintext, None))
        self._chunks += 1

    def _put(self, sealed: bytes) -> None:
        self._target.write(sealed)
        self._hash.update(sealed)
        self._sealed_bytes += len(sealed)


def seal(
    source: BinaryIO, target: BinaryIO, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]
) -> SealedDigest:
    """Seal all of a source to every recipient, in constant memory; raises as `SealingWriter` does."""
    with SealingWriter(target, recipients=recipients, random=random) as writer:
        shutil.copyfileobj(source, writer, _COPY_BYTES)
        return writer.finish()


def seal_bytes(plaintext: bytes, *, recipients: Sequence[Recipient], random: Callable[[int], bytes]) -> bytes:
    """The sealed file of some bytes."""
    target = io.BytesIO()
    seal(io.BytesIO(plaintext), target, recipients=recipients, random=random)
    return target.getvalue()
