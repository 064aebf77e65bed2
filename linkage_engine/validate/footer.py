"""A part's Parquet footer against its manifest and the caps, read before any row is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.contract.manifest import Part
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_FOOTER_BYTES_MAX = 16 * 1024 * 1024
_FOOTER_TEXT_MAX = 4 * 1024 * 1024
_FOOTER_ITEMS_MAX = 1_000_000


@dataclass(frozen=True)
class Caps:
    """How large a part may be once opened, whatever its manifest says."""

    rows: int = 100_000_000
    columns: int = 200
    uncompressed_bytes: int = 16 * 1024**3


def uncompressed_bytes(footer: pq.FileMetaData) -> int:
    """The sum of the uncompressed column chunks, as the footer says."""
    return sum(
        footer.row_group(group).column(column).total_uncompressed_size
        for group in range(footer.num_row_groups)
        for column in range(footer.num_columns)
    )


def read_footer(source: BinaryIO) -> pq.FileMetaData:
    """The footer of a Parquet file; anything else is `ExtractRejected(PART_NOT_PARQUET)`.

    The length that a file states for its footer is capped before it is believed.
    """
    size = source.seek(0, 2)
    source.seek(max(size - _TAIL_BYTES, 0))
    tail = source.read(_TAIL_BYTES)
    source.seek(0)
    stated = int.from_bytes(tail[:4], "little")
    if len(tail) < _TAIL_BYTES or tail[4:] != _MAGIC or stated > min(_FOOTER_BYTES_MAX, size):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET)
    try:
        with _opened(source) as file:
            return file.metadata
    except (pa.ArrowException, OSError, ValueError):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None


def check_footer(source: BinaryIO, part: Part, caps: Caps) -> None:
    """Nothing where the footer keeps within the caps and says what the manifest says; reads no row.

    Refusals: `PART_NOT_PARQUET`, `PART_TOO_LARGE`, `COLUMNS_DIFFER`, `PART_DIFFERS_FROM_MANIFEST`.
    """
    footer = read_footer(source)
    # 1. Columns first: the sum over chunks is only as long as columns times row groups.
    if footer.num_columns > caps.columns or footer.num_rows > caps.rows:
        raise ExtractRejected(RefusalCode.PART_TOO_LARGE, rows=footer.num_rows, columns=footer.num_columns)
    # 2. Size after decompression.
    size = uncompressed_bytes(footer)
    if size > caps.uncompressed_bytes:
        raise ExtractRejected(RefusalCode.PART_TOO_LARGE, uncompressed_bytes=size)
    # 3. The names of the columns, in order.
    names = footer.schema.to_arrow_schema().names
    if tuple(names) != part.columns:
        raise ExtractRejected(
            RefusalCode.COLUMNS_DIFFER,
            missing=len(set(part.columns) - set(names)),
            unknown=len(set(names) - set(part.columns)),
        )
    # 4. The figures of the manifest.
    if (footer.num_rows, size) != (part.rows, part.uncompressed_bytes):
        raise ExtractRejected(
            RefusalCode.PART_DIFFERS_FROM_MANIFEST, rows=footer.num_rows, uncompressed_bytes=size
        )


def read_part(source: BinaryIO, part: Part, caps: Caps) -> pa.Table:
    """All rows of a part whose footer holds; pages that do not read are `PART_NOT_PARQUET`."""
    check_footer(source, part, caps)
    try:
        with _opened(source) as file:
            table = file.read()
    except (pa.ArrowException, OSError, ValueError):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None
    if table.num_rows != part.rows:
        raise ExtractRejected(RefusalCode.PART_DIFFERS_FROM_MANIFEST, rows=table.num_rows)
    return table


def _opened(source: BinaryIO) -> pq.ParquetFile:
    source.seek(0)
    return pq.ParquetFile(
        source,
        thrift_string_size_limit=_FOOTER_TEXT_MAX,
        thrift_container_size_limit=_FOOTER_ITEMS_MAX,
    )
