"""A file that forgets: codecs are timed without a disk."""

from __future__ import annotations

import io


class Discard(io.BytesIO):
    """Takes bytes and keeps none."""

    def write(self, data: object, /) -> int:
        return len(data)  # type: ignore[arg-type]  # bytes-like
