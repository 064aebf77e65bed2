"""A part's Parquet footer against its manifest and the caps, read before any row is.

A small file may stand for a large one: compression, run lengths and dictionaries each multiply. What rows
become in memory is therefore held to a multiple of the bytes that arrived, at each of the three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage_engine.contract.manifest import Part
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.validate.pages import PageHeadersInvalid, check_pages

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_FOOTER_BYTES_MAX = 1024**2
_FOOTER_TEXT_MAX = 1024**2
_FOOTER_ITEMS_MAX = 20_000
_TEXT = "BYTE_ARRAY"
_NUMBERS = frozenset({"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"})


@dataclass(frozen=True)
class Caps:
    """How large a part may be once opened, whatever its manifest says."""

    rows: int = 100_000_000
    columns: int = 200
    uncompressed_bytes: int = 16 * 1024**3
    free_bytes: int = 1024**2
    times: int = 100
    """Of the bytes that arrived. Honest rows, each with a random key, come to seven times theirs at most."""

    def expanded_bytes(self, size_bytes: int) -> int:
        """How much a file of this size may become: in pages, in values and in memory."""
        return min(self.uncompressed_bytes, self.free_bytes + self.times * size_bytes)


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
    # 2. Size after decompression, and the number of values, which cost a byte each at the least.
    size, values = uncompressed_bytes(footer), _values(footer)
    if max(size, values, footer.num_rows) > caps.expanded_bytes(source.seek(0, 2)):
        raise ExtractRejected(RefusalCode.PART_TOO_LARGE, uncompressed_bytes=size, values=values)
    # 3. The names of the columns, in order, and their forms: whole numbers, or text on its own.
    schema = _arrow_schema(footer)
    if tuple(schema.names) != part.columns:
        raise ExtractRejected(
            RefusalCode.COLUMNS_DIFFER,
            missing=len(set(part.columns) - set(schema.names)),
            unknown=len(set(schema.names) - set(part.columns)),
        )
    wrong = sum(not _has_form(column) for column in _columns(footer))
    if wrong:
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, wrong_form=wrong)
    # 4. The figures of the manifest.
    if (footer.num_rows, size) != (part.rows, part.uncompressed_bytes):
        raise ExtractRejected(
            RefusalCode.PART_DIFFERS_FROM_MANIFEST, rows=footer.num_rows, uncompressed_bytes=size
        )
    # 5. The pages are what the footer says of them.
    try:
        check_pages(source, footer)
    except PageHeadersInvalid:
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None


def _values(footer: pq.FileMetaData) -> int:
    return sum(
        footer.row_group(group).column(column).num_values
        for group in range(footer.num_row_groups)
        for column in range(footer.num_columns)
    )


def _arrow_schema(footer: pq.FileMetaData) -> pa.Schema:
    try:
        return footer.schema.to_arrow_schema()
    except (pa.ArrowException, ValueError):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None


def _has_form(column: pq.ColumnSchema) -> bool:
    """Whether values are at most eight bytes long, or texts in no list, whose size is told before they are.

    A type of fixed length, and texts in a list, are read in one step.
    """
    if column.physical_type == _TEXT:
        return bool(column.max_repetition_level == 0)
    return column.physical_type in _NUMBERS


def read_part(source: BinaryIO, part: Part, caps: Caps) -> pa.Table:
    """All rows of a part whose footer holds; pages that do not read are `PART_NOT_PARQUET`.

    Texts are read as places in a dictionary first, so that their size is known before they are written out:
    `PART_TOO_LARGE`.
    """
    check_footer(source, part, caps)
    try:
        with _opened(source) as file:
            texts = [column.path for column in _columns(file.metadata) if column.physical_type == _TEXT]
        with _opened(source, read_dictionary=texts) as file:
            places = file.read()
        size = _written_out_bytes(places)
        if size > caps.expanded_bytes(source.seek(0, 2)):
            raise ExtractRejected(RefusalCode.PART_TOO_LARGE, bytes=size)
        table = _written_out(places)
    except (pa.ArrowException, OSError, ValueError):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None
    if table.num_rows != part.rows:
        raise ExtractRejected(RefusalCode.PART_DIFFERS_FROM_MANIFEST, rows=table.num_rows)
    return table


def _columns(footer: pq.FileMetaData) -> list[pq.ColumnSchema]:
    return [footer.schema.column(place) for place in range(footer.num_columns)]


def _written_out_bytes(table: pa.Table) -> int:
    """How large the texts of a table are, of which it holds places in dictionaries."""
    return sum(
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for column in table.columns
        if pa.types.is_dictionary(column.type)
        for chunk in column.chunks
    )


def _written_out(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def _opened(source: BinaryIO, read_dictionary: Sequence[str] = ()) -> pq.ParquetFile:
    source.seek(0)
    return pq.ParquetFile(
        source,
        read_dictionary=list(read_dictionary),
        thrift_string_size_limit=_FOOTER_TEXT_MAX,
        thrift_container_size_limit=_FOOTER_ITEMS_MAX,
    )
