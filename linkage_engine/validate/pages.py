"""The pages of a Parquet file against its footer, from their headers alone: nothing is decompressed.

A reader makes room for what a page's header says, and expands run lengths to the number of values that it
says, whatever the footer did. So the headers are read first. They are Thrift structs in the compact protocol
(Apache Parquet, parquet.thrift: PageHeader, DataPageHeader, DictionaryPageHeader, DataPageHeaderV2).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import BinaryIO, Final

import pyarrow.parquet as pq

PAGES_MAX = 200_000
_HEADER_BYTES_MAX = 1 << 16
_DEPTH_MAX = 4
_VARINT_BITS_MAX = 64
_DICTIONARY_PAGE = 2
_TYPE, _UNCOMPRESSED, _COMPRESSED, _DATA, _DATA_V2 = 1, 2, 3, 5, 8
_NUM_VALUES = 1
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _STRUCT = (*range(9), 12)
_DOUBLE_BYTES = 8

Header = Mapping[int, "int | Header"]


class PageHeadersInvalid(ValueError):
    """The pages cannot be walked, or hold more than the footer says."""


def check_pages(source: BinaryIO, footer: pq.FileMetaData) -> None:
    """Nothing where each column chunk is a row of pages that together are what the footer says of it.

    Raises PageHeadersInvalid.
    """
    pages = 0
    for group in range(footer.num_row_groups):
        for column in range(footer.num_columns):
            pages = _check_chunk(source, footer.row_group(group).column(column), pages)


def _check_chunk(source: BinaryIO, chunk: pq.ColumnChunkMetaData, pages: int) -> int:
    """The number of pages so far, with those of this chunk."""
    starts = [chunk.data_page_offset]
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        starts.append(chunk.dictionary_page_offset)
    at = min(starts)
    end = at + chunk.total_compressed_size
    size = values = 0
    while at < end:
        header, header_bytes = _page_header(source, at)
        compressed, uncompressed = _number(header, _COMPRESSED), _number(header, _UNCOMPRESSED)
        if header.get(_TYPE) != _DICTIONARY_PAGE:
            values += _values(header)
        size += header_bytes + uncompressed
        at += header_bytes + compressed
        pages += 1
        if size > chunk.total_uncompressed_size or values > chunk.num_values or pages > PAGES_MAX:
            raise PageHeadersInvalid
    if at != end:
        raise PageHeadersInvalid
    return pages


def _values(header: Header) -> int:
    """The values of a data page of either version, repeated ones and nulls too."""
    described = header.get(_DATA, header.get(_DATA_V2))
    if not isinstance(described, Mapping):
        raise PageHeadersInvalid
    return _number(described, _NUM_VALUES)


def _number(header: Header, field: int) -> int:
    value = header.get(field)
    if not isinstance(value, int) or value < 0:
        raise PageHeadersInvalid
    return value


def _page_header(source: BinaryIO, at: int) -> tuple[Header, int]:
    """A page's header and its length."""
    if at < 0:
        raise PageHeadersInvalid
    source.seek(at)
    text = io.BytesIO(source.read(_HEADER_BYTES_MAX))
    return _struct(text, 1), text.tell()


def _struct(text: io.BytesIO, depth: int) -> Header:
    if depth > _DEPTH_MAX:
        raise PageHeadersInvalid
    fields: dict[int, int | Header] = {}
    field = 0
    while (head := _byte(text)) != _STOP:
        field = field + (head >> 4) if head >> 4 else _signed(_varint(text))
        if field in fields:
            raise PageHeadersInvalid
        fields[field] = _value(text, head & 15, depth)
    return fields


_INTEGERS: Final = frozenset({_I16, _I32, _I64})


def _value(text: io.BytesIO, kind: int, depth: int) -> int | Header:
    """A number or a struct; what is neither is passed over, and a list is in no page header."""
    if kind in _INTEGERS:
        return _signed(_varint(text))
    if kind == _STRUCT:
        return _struct(text, depth + 1)
    lengths = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: _DOUBLE_BYTES}
    length = _varint(text) if kind == _BINARY else lengths.get(kind, -1)
    if length < 0 or len(text.read(length)) != length:
        raise PageHeadersInvalid
    return 0


def _varint(text: io.BytesIO) -> int:
    value = shift = 0
    while (byte := _byte(text)) & 128:
        value |= (byte & 127) << shift
        shift += 7
        if shift > _VARINT_BITS_MAX:
            raise PageHeadersInvalid
    return value | byte << shift


def _signed(zigzag: int) -> int:
    return zigzag >> 1 ^ -(zigzag & 1)


def _byte(text: io.BytesIO) -> int:
    byte = text.read(1)
    if not byte:
        raise PageHeadersInvalid
    return byte[0]
