"""A file that repeats itself and a file that forgets: codecs are timed without a disk, in little memory."""

from __future__ import annotations

import io


class Repeated(io.BytesIO):
    """Reads as one block several times over, a block at a time."""

    def __init__(self, block: bytes, times: int) -> None:
        super().__init__()
        self._block = block
        self._left = times

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002  # the block is the size
        """The next block."""
        self._left -= 1
        return self._block if self._left >= 0 else b""


class Discard(io.BytesIO):
    """Takes bytes and keeps none."""

    def write(self, data: object, /) -> int:
        """Forget them."""
        return len(data)  # type: ignore[arg-type]  # bytes-like
