from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.contract.manifest import Part, Zone
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.validate.footer import Caps, check_footer, read_footer, read_part, uncompressed_bytes

TABLE = pa.table({"person_key": ["a", "b", "c"], "date_of_death": ["2020-01-01", None, "2021-01-01"]})


def a_file(table: pa.Table = TABLE) -> BytesIO:
    file = BytesIO()
    pq.write_table(table, file, compression="zstd", row_group_size=2)
    file.seek(0)
    return file


def a_part(**changes: object) -> Part:
    footer = read_footer(a_file())
    part = Part(
        name="death",
        zone=Zone.ANALYSIS,
        sealed_sha256="0" * 64,
        sealed_bytes=1,
        rows=footer.num_rows,
        columns=("person_key", "date_of_death"),
        uncompressed_bytes=uncompressed_bytes(footer),
        recipient="age1pq1",
    )
    return part.model_copy(update=changes)


def test_a_part_that_is_what_its_manifest_says_is_read() -> None:
    assert read_part(a_file(), a_part(), Caps()).equals(TABLE)


@pytest.mark.parametrize(
    ("part", "caps", "code"),
    [
        (a_part(rows=4), Caps(), RefusalCode.PART_DIFFERS_FROM_MANIFEST),
        (a_part(uncompressed_bytes=1), Caps(), RefusalCode.PART_DIFFERS_FROM_MANIFEST),
        (a_part(columns=("date_of_death", "person_key")), Caps(), RefusalCode.COLUMNS_DIFFER),
        (a_part(columns=("person_key",)), Caps(), RefusalCode.COLUMNS_DIFFER),
        (a_part(), Caps(rows=2), RefusalCode.PART_TOO_LARGE),
        (a_part(), Caps(columns=1), RefusalCode.PART_TOO_LARGE),
        (a_part(), Caps(uncompressed_bytes=10), RefusalCode.PART_TOO_LARGE),
    ],
)
def test_a_footer_that_says_something_else_is_refused(part: Part, caps: Caps, code: RefusalCode) -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_footer(a_file(), part, caps)
    assert refused.value.code is code


def _cut(data: bytes) -> bytes:
    return data[:-20]


def _long_footer(data: bytes) -> bytes:
    return data[:-8] + (2**31).to_bytes(4, "little") + b"PAR1"


def _garbled_footer(data: bytes) -> bytes:
    return data[:-40] + b"\xff" * 32 + data[-8:]


def _empty(_: bytes) -> bytes:
    return b""


def _text(_: bytes) -> bytes:
    return b"person_key,date_of_death\n1,2\n"


@pytest.mark.parametrize("change", [_cut, _long_footer, _garbled_footer, _empty, _text])
def test_what_is_not_parquet_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_footer(BytesIO(change(a_file().getvalue())), a_part(), Caps())
    assert refused.value.code is RefusalCode.PART_NOT_PARQUET


def test_pages_that_do_not_read_are_refused() -> None:
    data = bytearray(a_file().getvalue())
    data[4:60] = b"\xff" * 56
    with pytest.raises(ExtractRejected) as refused:
        read_part(BytesIO(bytes(data)), a_part(), Caps())
    assert refused.value.code is RefusalCode.PART_NOT_PARQUET
