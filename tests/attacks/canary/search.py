"""Finding marks in bytes: plain, encoded, compressed, in tables and databases, and in the names of files."""

from __future__ import annotations

import base64
import io
import re
import sqlite3
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HEAD = 5
"""Bytes of a pattern that are looked up at once; no pattern is shorter."""
DEPTH = 4
"""A zip in a gzip in a Parquet file is opened; deeper things are not made here."""
ZSTD, GZIP, ZIP, PARQUET, SQLITE = (
    b"\x28\xb5\x2f\xfd",
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"PAR1",
    b"SQLite format 3\x00",
)
KEY = re.compile("[0-9a-f]{64}")
Found = dict[str, set[str]]
"""For each file or folder what was found in its name or in it."""


def encodings(text: str) -> Iterator[bytes]:
    """A text as it may stand in bytes: plain, hex, UTF-16, Base64 at each of its three places.

    Of a key in hexadecimal digits its bytes too, plain and in Base64.
    """
    for spelled in sorted({text, text.upper(), text.lower()}):
        plain = spelled.encode()
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
        yield spelled.encode("utf-16-le")
        yield spelled.encode("utf-16-be")
        for shift in range(3):
            yield from {_inner(plain, shift, b"+/"), _inner(plain, shift, b"-_")}
    if KEY.fullmatch(text):
        key = bytes.fromhex(text)
        yield key
        for shift in range(3):
            yield from {_inner(key, shift, b"+/"), _inner(key, shift, b"-_")}


def _inner(plain: bytes, shift: int, alphabet: bytes) -> bytes:
    """Those characters of Base64 that the bytes decide alone, when `shift` others stand before them."""
    first, last = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
    return base64.b64encode(bytes(shift) + plain + bytes(3), alphabet)[first:last]


class Needles:
    """What is looked for, in every encoding; one pass over the bytes, however many there are."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: dict[bytes, str] = {}
        for text in texts:
            for pattern in encodings(text):
                self._texts.setdefault(pattern, text)
        self._lengths: dict[bytes, set[int]] = defaultdict(set)
        for pattern in self._texts:
            assert len(pattern) >= HEAD
            self._lengths[pattern[:HEAD]].add(len(pattern))
        heads = np.array([list(head) for head in self._lengths], np.uint8)
        self._heads = np.sort(_numbers(heads.T))
        self._first, self._second = np.zeros(1 << 16, bool), np.zeros(1 << 16, bool)
        self._first[_pairs(heads[:, 0], heads[:, 1])] = True
        self._second[_pairs(heads[:, 2], heads[:, 3])] = True

    def found_in(self, data: bytes) -> set[str]:
        """The texts that stand in the data in any encoding."""
        all_bytes = np.frombuffer(data, np.uint8)
        if all_bytes.size < HEAD:
            return set()
        pairs = _pairs(all_bytes[:-1], all_bytes[1:])
        # Two tables of pairs leave few places, and those are compared whole.
        at = np.flatnonzero(self._first[pairs[: all_bytes.size - HEAD + 1]])
        at = at[self._second[pairs[at + 2]]]
        numbers = _numbers(np.array([all_bytes[at + step] for step in range(HEAD)]))
        nearest = np.minimum(np.searchsorted(self._heads, numbers), self._heads.size - 1)
        at = at[self._heads[nearest] == numbers]
        return {
            self._texts[pattern]
            for start in at.tolist()
            for length in self._lengths[data[start : start + HEAD]]
            if (pattern := data[start : start + length]) in self._texts
        }

    def found_anywhere_in(self, data: bytes) -> set[str]:
        """The texts that stand in the data or in anything that it holds packed."""
        return {text for form in forms(data) for text in self.found_in(form)}


def _pairs(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left.astype(np.uint16) | (right.astype(np.uint16) << 8)


def _numbers(columns: np.ndarray) -> np.ndarray:
    found = np.zeros(columns.shape[1], np.uint64)
    for step in range(HEAD):
        found |= columns[step].astype(np.uint64) << np.uint64(8 * step)
    return found


def forms(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """The bytes themselves, and what is packed in them: archives, compressed streams, tables, databases."""
    yield data
    if depth:
        for opened in _opened(data):
            yield from forms(opened, depth - 1)


def _opened(data: bytes) -> Iterator[bytes]:
    yield from _streams(data)
    if data.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    if data.startswith(PARQUET):
        yield from _table(data)
    if data.startswith(SQLITE):
        yield _database(data)


def _streams(data: bytes) -> Iterator[bytes]:
    """What the zstd and gzip streams unpack to that begin anywhere in the data."""
    for start in _starts(data, GZIP):
        try:
            yield zlib.decompressobj(wbits=31).decompress(data[start:])
        except zlib.error:
            continue
    for start in _starts(data, ZSTD):
        try:
            yield pa.CompressedInputStream(pa.BufferReader(data[start:]), "zstd").read()
        except OSError:
            continue


def _starts(data: bytes, magic: bytes) -> Iterator[int]:
    at = data.find(magic)
    while at >= 0:
        yield at
        at = data.find(magic, at + 1)


def _table(data: bytes) -> Iterator[bytes]:
    """The text of a Parquet file that can be read without a key."""
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (OSError, pa.ArrowException):
        return
    yield repr(table.schema.metadata).encode()
    for name in table.column_names:
        yield "\n".join([name, *map(str, table[name].to_pylist())]).encode()


def _database(data: bytes) -> bytes:
    """A SQLite database as text: what lies across two pages is whole there.

    Nothing for a file that was copied while pages moved into it from the write-ahead log: its bytes are
    searched as they are, and a whole copy of the same moment lies beside it.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        # Read and write version 1 (bytes 18 and 19): one in memory cannot be in WAL mode.
        connection.deserialize(data[:18] + b"\x01\x01" + data[20:])
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            return "\n".join(connection.iterdump()).encode()
        except sqlite3.DatabaseError:
            return b""


def search(folder: Path, needles: Needles) -> Found:
    """What is found under a folder, by the place's path from there; places without any are left out."""
    found: Found = {}
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        there = needles.found_in(place.encode())
        if path.is_file():
            there |= needles.found_anywhere_in(path.read_bytes())
        if there:
            found[place] = there
    return found
