"""Reading a zip file that nobody vouches for yet: names, sizes and streams under caps.

Sizes are those the archive declares; zipfile never hands out more, and refuses a member
whose content does not match its checksum. Nothing is ever extracted.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

CHECKPOINT = "checkpoint"
VKEY = "log.vkey"
ENTRIES = "entries.jsonl"
KEYS = "keys.json"
RELEASES = "releases/"
RELEASE = "release.json"

MEMBERS = 100_000
MEMBER_BYTES = 1 << 30
ARCHIVE_BYTES = 4 << 30
TEXT_BYTES = 1 << 20
LINE_BYTES = 1 << 16
RATIO = 200
"""No honest text of ours is packed this tightly; deflate reaches a thousand."""
CHUNK = 1 << 20

_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class NotVerified(Exception):
    """Something does not hold; `faults` names each thing and what is wrong with it."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Archive:
    """The members of one zip file, read under caps; every failure is NotVerified."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        members = file.infolist()
        self.names = frozenset(member.filename for member in members)
        if len(members) > MEMBERS or len(self.names) != len(members):
            raise NotVerified("the archive: too many members, or two of one name")
        if sum(member.file_size for member in members) > ARCHIVE_BYTES:
            raise NotVerified("the archive: too large")
        for member in members:
            packed_too_tightly = member.file_size > max(TEXT_BYTES, RATIO * member.compress_size)
            if packed_too_tightly or member.file_size > MEMBER_BYTES:
                raise NotVerified(f"{shown(member.filename)}: too large")

    def read(self, name: str, most: int = TEXT_BYTES) -> bytes:
        """A whole member of at most so many bytes."""
        with self._open(name) as stream:
            data: bytes = stream.read(most + 1)
        if len(data) > most:
            raise NotVerified(f"{shown(name)}: too large")
        return data

    def text(self, name: str) -> str:
        """A whole small member as UTF-8 text."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise NotVerified(f"{shown(name)}: not UTF-8 text") from None

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member one by one, without their newlines; the last one has one too."""
        with self._open(name) as stream:
            while line := stream.readline(LINE_BYTES):
                if not line.endswith(b"\n"):
                    raise NotVerified(f"{shown(name)}: a line that is too long or does not end")
                yield line[:-1]

    def digest(self, name: str) -> tuple[str, int]:
        """SHA-256 and size in bytes of a member."""
        digest, size = hashlib.sha256(), 0
        with self._open(name) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return digest.hexdigest(), size

    @contextmanager
    def _open(self, name: str) -> Iterator[zipfile.ZipExtFile]:
        if name not in self.names:
            raise NotVerified(f"{shown(name)}: missing")
        try:
            with self._file.open(name) as stream:
                yield stream  # type: ignore[misc]  # typeshed says IO[bytes]; a read gives this class
        except _UNREADABLE:
            raise NotVerified(f"{shown(name)}: damaged") from None


@contextmanager
def open_archive(path: Path | BinaryIO) -> Iterator[Archive]:
    """The archive of a file, on disk or open; raises NotVerified when it is no zip file or breaks a cap."""
    try:
        file = zipfile.ZipFile(path)
    except (*_UNREADABLE, ValueError):
        raise NotVerified("the archive: cannot be read as a zip file") from None
    with file:
        yield Archive(file)


def shown(name: str) -> str:
    """A member's name for a message: what it cannot do is move the cursor or run on."""
    return "".join(c if c.isprintable() else "?" for c in name[:200])
