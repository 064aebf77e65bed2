"""Reading a delivery's tar strictly: regular members, nothing before, between or after them.

POSIX.1-1988 ustar. A lenient reader would let two programs see two things in one file:
here every block is accounted for, up to zeros at the end.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.problems.submissions import PackageUnreadable

BLOCK = 512
RECORD = 20 * BLOCK
"""Writers fill up the last record with zeros."""
MAGIC = b"ustar\x0000"
MANIFEST = "manifest.jws"
MANIFEST_LIMIT_BYTES = 1 << 20
MEMBERS_LIMIT = 64
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """A delivery's signed manifest, size and SHA-256 of each sealed part by member name, and of the whole."""

    manifest: str
    members: dict[str, tuple[int, str]]
    size_bytes: int
    sha256: str


class _Digested:
    """A file that is read once from its start to its end, and digested on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        self.size_bytes += len(data)
        return data

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def read_package(path: Path) -> Package:
    """The package of a file; raises PackageUnreadable for anything but manifest.jws and then parts."""
    with path.open("rb") as opened:
        file = _Digested(opened)
        try:
            name, size = _header(file)
            if name != MANIFEST or not 0 < size <= MANIFEST_LIMIT_BYTES:
                raise PackageUnreadable
            manifest = b"".join(_content(file, size)).decode("ascii")
            members = _members(file)
            _check_end(file)
        except (tarfile.HeaderError, UnicodeDecodeError, OSError):
            raise PackageUnreadable from None
    return Package(manifest, members, file.size_bytes, file.hexdigest())


def _members(file: _Digested) -> dict[str, tuple[int, str]]:
    members: dict[str, tuple[int, str]] = {}
    while (head := _header(file)) != ("", 0):
        name, size = head
        digest = hashlib.sha256()
        for chunk in _content(file, size):
            digest.update(chunk)
        if name in members or len(members) == MEMBERS_LIMIT:
            raise PackageUnreadable
        members[name] = (size, digest.hexdigest())
    return members


def _header(file: _Digested) -> tuple[str, int]:
    """Name and size of the next member; an empty name at the end."""
    block = file.read(BLOCK)
    if block == bytes(BLOCK):
        return "", 0
    if len(block) != BLOCK or block[257:265] != MAGIC:
        raise PackageUnreadable
    member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    if member.type != tarfile.REGTYPE or member.linkname or member.size < 0:
        raise PackageUnreadable
    return member.name, member.size


def _content(file: _Digested, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            raise PackageUnreadable
        left -= len(chunk)
        yield chunk
    padding = -size % BLOCK
    if file.read(padding) != bytes(padding):
        raise PackageUnreadable


def _check_end(file: _Digested) -> None:
    """The second block of zeros, and zeros up to the end of the record; nothing is hidden there."""
    rest = file.read(RECORD + 1)
    if not BLOCK <= len(rest) <= RECORD or rest.strip(b"\x00"):
        raise PackageUnreadable
