"""The search of the canary test finds a mark however it is packed, and nothing where there is none."""

from __future__ import annotations

import base64
import gzip
import io
import json
import secrets
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.attacks.canary.marks import STEM
from tests.attacks.canary.search import Needles, encodings, search

MARK = f"HARTLEY{STEM}"
POSTCODE = "ZX10 0QA"
NEEDLES = Needles([MARK, POSTCODE])


def _zip(text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", text)
    return packed.getvalue()


def _parquet(text: bytes, **kw: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"name": ["x", text.decode()]}), sink, **kw)
    return sink.getvalue()


def _parquet_metadata(text: bytes) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": [1]}).replace_schema_metadata({"of": text.decode()}), sink)
    return sink.getvalue()


def _zstd(text: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(text)
    return bytes(sink.getvalue())


def _database(text: bytes) -> bytes:
    """With the text across the end of a page."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE note (text)")
    connection.executemany(
        "INSERT INTO note VALUES (?)", [("-" * (4000 + i) + text.decode(),) for i in range(90)]
    )
    return connection.serialize()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "lower case": bytes.lower,
    "hex": lambda text: text.hex().encode(),
    "hex in capitals": lambda text: text.hex().upper().encode(),
    "utf-16 little": lambda text: text.decode().encode("utf-16-le"),
    "utf-16 big": lambda text: text.decode().encode("utf-16-be"),
    "base64": base64.b64encode,
    "base64 after one byte": lambda text: base64.b64encode(b"?" + text),
    "base64 after two bytes": lambda text: base64.b64encode(b">?" + text),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(b"\xff\xef" + text),
    "json in base64": lambda text: base64.urlsafe_b64encode(json.dumps({"detail": text.decode()}).encode()),
    "zip": _zip,
    "zip in gzip": lambda text: gzip.compress(_zip(text)),
    "gzip": gzip.compress,
    "gzip after other bytes": lambda text: b"head" + gzip.compress(text) + b"tail",
    "zstd": _zstd,
    "zstd after other bytes": lambda text: b"head" + _zstd(text),
    "parquet, zstd": lambda text: _parquet(text, compression="zstd"),
    "parquet, snappy": lambda text: _parquet(text, compression="snappy"),
    "parquet, metadata": _parquet_metadata,
    "sqlite": _database,
    "hex in zip": lambda text: _zip(text.hex().encode()),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("mark", [MARK, POSTCODE])
def test_a_mark_is_found_however_it_is_packed(pack: Callable[[bytes], bytes], mark: str) -> None:
    noise = b"The quick brown fox. " * 50
    assert NEEDLES.found_anywhere_in(pack(noise + mark.encode() + noise)) == {mark}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_nothing_is_found_where_there_is_no_mark(pack: Callable[[bytes], bytes]) -> None:
    assert NEEDLES.found_anywhere_in(pack(b"HARTLEY of ZX10, 0 QA. " * 50)) == set()


def test_random_bytes_hold_no_mark() -> None:
    data = secrets.token_bytes(1 << 21)
    assert NEEDLES.found_anywhere_in(data + data.hex().encode() + base64.b64encode(data)) == set()


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("after", range(3))
def test_every_encoding_is_found_at_the_edges_of_the_data(before: int, after: int) -> None:
    for pattern in encodings(MARK):
        assert NEEDLES.found_in(b"." * before + pattern + b"." * after) == {MARK}


def test_a_name_of_a_file_or_folder_is_searched(tmp_path: Path) -> None:
    hidden = base64.urlsafe_b64encode(b"a" + MARK.encode()).decode()
    (tmp_path / hidden).mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / f"{POSTCODE}.txt").touch()
    assert search(tmp_path, NEEDLES) == {hidden: {MARK}, f"other/{POSTCODE}.txt": {POSTCODE}}


@pytest.mark.parametrize("shift", range(3))
def test_a_key_is_found_as_bytes_and_in_base64_too(shift: int) -> None:
    key = secrets.token_bytes(32)
    needles = Needles([key.hex()])
    for data in (
        key,
        base64.b64encode(bytes(shift) + key + b"z"),
        base64.urlsafe_b64encode(bytes(shift) + key),
    ):
        assert needles.found_in(b"before " + data + b" after") == {key.hex()}
