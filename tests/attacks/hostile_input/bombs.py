"""Small files that stand for large ones, and a program that opens them at the analysis worker's door.

Run as a program, it makes a door with throw-away keys, receives each bomb of a folder, and prints what became
of each, how long that took and how much memory the process held at its height meanwhile.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.boundary import AnalysisDoor, Inside
from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION, data_set
from linkage_engine.contract.manifest import Manifest, Part, Zone
from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.validate.footer import uncompressed_bytes
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON

NAME = "death"
COLUMNS = data_set(NAME).columns
HUGE = bytes(1 << 20)
GROUPS, CELLS = 16, 64
"""So many huge cells, in row groups of so many, come to a gibibyte."""
FOOTER_LENGTH_BYTES = 8
"""The length of the footer and the magic, behind it."""


@dataclass(frozen=True)
class Opened:
    """What became of a bomb."""

    code: str
    seconds: float
    peak_bytes: int
    arrived_bytes: int


def written(first: pa.Array, *, groups: int = 1, **how: object) -> bytes:
    """A file of the data set's columns, the first as given and the others empty, in each row group."""
    empty = pa.nulls(len(first), pa.string())
    table = pa.table([first, *[empty] * (len(COLUMNS) - 1)], names=list(COLUMNS))
    plain = io.BytesIO()
    with pq.ParquetWriter(plain, table.schema, compression="zstd", **how) as writer:
        for _ in range(groups):
            writer.write_table(table)
    return plain.getvalue()


def gibibyte_of_zeros() -> bytes:
    return written(pa.array([HUGE] * CELLS, pa.binary()), groups=GROUPS, use_dictionary=False)


def gibibyte_that_the_footer_denies() -> bytes:
    """The pages are as large as before, and the footer says that each column comes to two kilobytes."""
    data = gibibyte_of_zeros()
    end = len(data) - int.from_bytes(data[-8:-4], "little") - FOOTER_LENGTH_BYTES
    size = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0).total_uncompressed_size
    told, small = _varint(2 * size), _varint(2 * 2000)
    padded = bytes([*(byte | 128 for byte in small), *[128] * (len(told) - len(small) - 1), 0])
    denied = data[:end] + data[end:].replace(told, padded)
    footer = pq.read_metadata(io.BytesIO(denied))
    assert {footer.row_group(i).column(0).total_uncompressed_size for i in range(GROUPS)} == {2000}
    return denied


def huge_cell_a_thousand_times() -> bytes:
    """One cell of a mebibyte, written once and named in every row."""
    places = pa.array(memoryview(bytes(GROUPS * CELLS)), pa.int8())
    cells = pa.DictionaryArray.from_arrays(places, pa.array([HUGE], pa.binary()))
    return written(cells, store_schema=False)


def fifty_million_rows_alike() -> bytes:
    """Run lengths."""
    places = pa.array(memoryview(bytes(50_000_000)), pa.int8())
    return written(pa.DictionaryArray.from_arrays(places, pa.array(["x"])), store_schema=False)


def million_columns() -> bytes:
    return _footer_alone(columns=1_000_000)


def as_many_columns_as_a_footer_holds() -> bytes:
    return _footer_alone(columns=110_000)


def as_many_chunks_as_a_footer_holds() -> bytes:
    return _footer_alone(columns=1, groups=18, chunks=19_000)


BOMBS: Mapping[str, Callable[[], bytes]] = {
    make.__name__: make
    for make in (
        gibibyte_of_zeros,
        gibibyte_that_the_footer_denies,
        huge_cell_a_thousand_times,
        fifty_million_rows_alike,
        million_columns,
        as_many_columns_as_a_footer_holds,
        as_many_chunks_as_a_footer_holds,
    )
}


def _varint(number: int) -> bytes:
    """Thrift's variable-length whole number, unsigned."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _list(items: bytes, count: int) -> bytes:
    """A list of structs in Thrift's compact protocol."""
    return b"\xfc" + _varint(count) + items


def _footer_alone(*, columns: int, groups: int = 0, chunks: int = 0) -> bytes:
    """A Parquet file without a page: FileMetaData of so many columns, row groups, and chunks in each."""
    root = b"\x48\x01s\x15" + _varint(2 * columns) + b"\x00"
    column = b"\x15\x0c\x25\x02\x18\x01a\x00"
    group = b"\x19" + _list(b"\x26\x00\x00" * chunks, chunks) + b"\x16\x00\x16\x00\x00"
    schema = b"\x15\x04\x19" + _list(root + column * columns, columns + 1)
    footer = schema + b"\x16\x00\x19" + _list(group * groups, groups) + b"\x00"
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _declared(data: bytes, sealed: bytes, recipient: str) -> Manifest:
    """What an honest manifest would say; nothing of a file whose footer is not read."""
    rows = size = 0
    if len(data) < 1 << 19:
        footer = pq.read_metadata(io.BytesIO(data))
        rows = footer.num_rows
        size = uncompressed_bytes(footer)
    part = Part(
        name=NAME,
        zone=Zone.ANALYSIS,
        sealed_sha256=hashlib.sha256(sealed).hexdigest(),
        sealed_bytes=len(sealed),
        rows=rows,
        columns=COLUMNS,
        uncompressed_bytes=size,
        recipient=recipient,
    )
    return Manifest(
        delivery_id="ab" * 16,
        project_id="prevalence-study",
        provider_id="cancer-registry",
        counter=1,
        catalogue_version=CATALOGUE_VERSION,
        linkage_profile="tokens",
        secret_epoch=1,
        key_check="00" * 8,
        extract_date=NOON.date(),
        created_at=NOON,
        parts=(part,),
    )


def _opened(folder: Path, data: bytes) -> Opened:
    identity = Identity.generate(secrets.token_bytes)
    door = AnalysisDoor(Inside(identity, Vault(folder, Keystore(bytes(32))), secrets.token_bytes))
    sealed = seal_bytes(data, recipients=[identity.recipient], random=secrets.token_bytes)
    manifest = _declared(data, sealed, str(identity.recipient))
    Path("/proc/self/clear_refs").write_text("5")  # the height is counted anew
    started, code = time.perf_counter(), "received"
    try:
        door.receive(io.BytesIO(sealed), manifest, NAME)
    except EngineRefusal as refusal:
        code = refusal.code.value
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return Opened(code, seconds, peak * 1024, len(sealed))


def main() -> None:
    folder = Path(sys.argv[1])
    for path in sorted(folder.glob("*.bomb")):
        opened = _opened(folder / "vault", path.read_bytes())
        sys.stdout.write(json.dumps({"name": path.stem, **asdict(opened)}) + "\n")


if __name__ == "__main__":
    main()
