"""Histories in Parquet files: anybody's cells and groups with the records behind them, all integers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.disclosure.admission.table import Family, Table
from linkage_engine.disclosure.history.sets import Flags, Numbers, Persons, PersonSets

NO_PARENT = -1
MOST_CELLS = 25_000
"""Of a history: a square of so many numbers is 5 GB."""
MOST_CELLS_OF_A_TABLE = 10_000
"""As policies have it."""


@dataclass(frozen=True, eq=False, repr=False)
class CellsRead:
    """The cells of a file in the order of release and cell, and people by number instead of record."""

    release: Numbers
    cell: Numbers
    sets: PersonSets
    records: Numbers
    """The records of people 0, 1, 2, ..."""


def read_columns(path: Path, names: tuple[str, ...], *, release: int | None = None) -> dict[str, Numbers]:
    """Columns of whole numbers, of one release or of all; a parent that is missing is -1.

    `ExtractRejected`: PART_NOT_PARQUET for a file that is damaged or of another kind, COLUMNS_DIFFER for a
    column that is missing or holds something else, ROWS_INVALID for numbers that are missing, below 0 or
    larger than 63 bits.
    """
    chosen = None if release is None else pc.field("release") == release
    try:
        schema = pq.read_schema(path)
        missing = [name for name in names if name not in schema.names]
        if missing or not all(_is_whole(schema.field(name).type) for name in names):
            raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, missing=len(missing))
        table = pq.read_table(path, columns=list(names), filters=chosen, page_checksum_verification=True)
    except (pa.ArrowException, OSError):
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None
    columns = {name: _numbers(table[name]) for name in names}
    bad = sum(int((column < 0).sum()) for name, column in columns.items() if name != "parent")
    if bad:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, numbers=bad)
    return columns


def _is_whole(kind: pa.DataType) -> bool:
    """Whether a column holds whole numbers, or nothing at all."""
    return bool(pa.types.is_integer(kind) or pa.types.is_null(kind))


def _numbers(column: pa.ChunkedArray) -> Numbers:
    try:
        whole = column.cast(pa.int64())
    except pa.ArrowInvalid:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, numbers=1) from None
    found: Numbers = whole.fill_null(NO_PARENT).to_numpy().astype(np.int64, copy=False)
    return found


def read_cells(path: Path) -> CellsRead:
    """The cells of a history; a record that stands twice in a cell counts once.

    `ExtractRejected`: ROWS_INVALID for a history of nothing, TABLE_TOO_LARGE for more cells than a factor of
    them has room for in 8 GiB, and what `read_columns` raises.
    """
    columns = read_columns(path, ("release", "cell", "record"))
    records = np.unique(columns["record"])
    if records.size == 0:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, rows=0)
    release, cell, sets = _sets(columns["release"], columns["cell"], columns["record"], records)
    _check_room(len(sets), MOST_CELLS)
    return CellsRead(release, cell, sets, records)


def _check_room(cells: int, most: int) -> None:
    if cells > most:
        raise ExtractRejected(RefusalCode.TABLE_TOO_LARGE, cells=cells, most=most)


def read_groups(path: Path, records: Numbers) -> tuple[Numbers, PersonSets, Numbers]:
    """The groups' numbers and people, and the records: those given, then those of groups alone."""
    columns = read_columns(path, ("group", "record"))
    known = np.concatenate([records, np.setdiff1d(columns["record"], records)])
    _, group, sets = _sets(np.zeros_like(columns["group"]), columns["group"], columns["record"], known)
    return group, sets, known


def read_tables(path: Path) -> Iterator[tuple[int, Numbers, Table]]:
    """Each release in order, one in memory at a time: its number, its cells' numbers and the table.

    A cell with several parents stands in the file once for each. Children of one parent that share people
    are children along different dimensions: in the order of cells, each joins the first it fits.
    `ExtractRejected` as `read_cells`.
    """
    releases = np.unique(read_columns(path, ("release",))["release"])
    records = np.unique(read_columns(path, ("record",))["record"])
    if releases.size == 0:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, rows=0)
    for release in releases.tolist():
        names = ("release", "cell", "record", "parent", "dimension_count")
        columns = read_columns(path, names, release=release)
        _, cells, sets = _sets(columns["release"], columns["cell"], columns["record"], records)
        _check_room(cells.size, MOST_CELLS_OF_A_TABLE)
        yield release, cells, _table(cells, sets, columns)


def _table(cells: Numbers, sets: PersonSets, columns: Mapping[str, Numbers]) -> Table:
    cell, parent, dimensions = _once(columns["cell"], columns["parent"], columns["dimension_count"])
    place = np.searchsorted(cells, cell)
    counts = np.zeros(cells.size, dtype=np.int64)
    counts[place] = dimensions
    has_parent = np.isin(parent, cells)
    pairs = zip(np.searchsorted(cells, parent[has_parent]), place[has_parent], strict=True)
    return Table(
        cells=sets,
        keys=tuple(f"{each:020d}" for each in cells),
        dimension_counts=tuple(counts.tolist()),
        families=tuple(_families(sets, sorted((int(a), int(b)) for a, b in pairs))),
    )


def _once(*columns: Numbers) -> tuple[Numbers, ...]:
    """Rows in order, each once."""
    order = np.lexsort(columns[::-1])
    rows = np.stack([column[order] for column in columns])
    fresh = np.ones(order.size, dtype=np.bool_)
    fresh[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    return tuple(rows[:, fresh])


def _families(sets: PersonSets, pairs: list[tuple[int, int]]) -> Iterator[Family]:
    children: dict[int, list[int]] = {}
    for parent, child in pairs:
        children.setdefault(parent, []).append(child)
    persons = sets.least_persons
    for parent, all_children in children.items():
        along: list[tuple[Flags, list[int]]] = []
        for child in all_children:
            fits = (each for each in along if not each[0][sets[child]].any())
            first = next(fits, None)
            if first is None:
                first = (np.zeros(persons, dtype=np.bool_), [])
                along.append(first)
            first[0][sets[child]] = True
            first[1].append(child)
        yield from (Family(parent, tuple(members)) for _, members in along)


def _sets(
    release: Numbers, cell: Numbers, record: Numbers, known: Numbers
) -> tuple[Numbers, Numbers, PersonSets]:
    """Rows as sets of the places of their records among the known ones, by release and cell."""
    sorter = np.argsort(known, kind="stable")
    person = sorter[np.searchsorted(known, record, sorter=sorter)]
    rows = np.stack(_once(release, cell, person))
    begins = np.ones(rows.shape[1], dtype=np.bool_)
    begins[1:] = (rows[:2, 1:] != rows[:2, :-1]).any(axis=0)
    first = np.flatnonzero(begins)
    starts = np.append(first, rows.shape[1]).astype(np.int64)
    return rows[0, first], rows[1, first], PersonSets(starts, rows[2].astype(np.int32))


def write_tables(path: Path, tables: Iterable[tuple[int, Table]]) -> None:
    """Tables as a file that `read_tables` reads: release, cell, record, parent, dimension_count."""
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        for release, table in tables:
            writer.write_table(_rows(release, table))


_SCHEMA = pa.schema(
    [(name, pa.int32()) for name in ("release", "cell", "record", "parent", "dimension_count")]
)


def _rows(release: int, table: Table) -> pa.Table:
    edges = [(child, family.parent) for family in table.families for child in family.children]
    child_of = np.array(edges, dtype=np.int64).reshape(-1, 2)
    alone = np.setdiff1d(np.arange(len(table.cells)), child_of[:, 0])
    cell = np.concatenate([child_of[:, 0], alone])
    parent = np.concatenate([child_of[:, 1], np.full(alone.size, NO_PARENT)])
    sets = table.cells.take(cell)
    columns = {
        "release": np.full(sets.members.size, release),
        "cell": cell[sets.rows],
        "record": sets.members,
        "parent": parent[sets.rows],
        "dimension_count": np.array(table.dimension_counts, dtype=np.int64)[cell][sets.rows],
    }
    return pa.table({name: pa.array(each).cast(pa.int32()) for name, each in columns.items()})


def write_sets(path: Path, numbers: Mapping[str, Numbers], sets: PersonSets) -> None:
    """Sets as rows: the numbers of the set, and a record, the person's number."""
    columns: dict[str, Persons | Numbers] = {name: each[sets.rows] for name, each in numbers.items()}
    pq.write_table(
        pa.table({**columns, "record": sets.members}), path, compression="zstd", write_page_checksum=True
    )
