"""Histories in Parquet files: anybody's cells and groups with the records behind them, all integers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.disclosure.admission.table import Family, Table
from linkage_engine.disclosure.history.sets import Flags, Numbers, Persons, PersonSets

NO_PARENT = -1


@dataclass(frozen=True, eq=False, repr=False)
class CellsRead:
    """The cells of a file in the order of release and cell, and people by number instead of record."""

    release: Numbers
    cell: Numbers
    sets: PersonSets
    records: Numbers
    """The records of people 0, 1, 2, ..."""


def read_columns(path: Path, names: tuple[str, ...]) -> dict[str, Numbers]:
    """Columns of whole numbers; -1 where there is none.

    A column that is missing or holds something else is ExtractRejected(COLUMNS_DIFFER).
    """
    schema = pq.read_schema(path)
    missing = [name for name in names if name not in schema.names]
    if missing or not all(_is_whole(schema.field(name).type) for name in names):
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, missing=len(missing))
    table = pq.read_table(path, columns=list(names))
    return {
        name: table[name].cast(pa.int64()).fill_null(NO_PARENT).to_numpy().astype(np.int64) for name in names
    }


def _is_whole(kind: pa.DataType) -> bool:
    """Whether a column holds whole numbers, or nothing at all."""
    return bool(pa.types.is_integer(kind) or pa.types.is_null(kind))


def read_cells(path: Path) -> CellsRead:
    """The cells of a history; a record that stands twice in a cell counts once."""
    columns = read_columns(path, ("release", "cell", "record"))
    records = np.unique(columns["record"])
    release, cell, sets = _sets(columns["release"], columns["cell"], columns["record"], records)
    return CellsRead(release, cell, sets, records)


def read_groups(path: Path, records: Numbers) -> tuple[Numbers, PersonSets, Numbers]:
    """The groups' numbers and people, and the records: those given, then those of groups alone."""
    columns = read_columns(path, ("group", "record"))
    known = np.concatenate([records, np.setdiff1d(columns["record"], records)])
    _, group, sets = _sets(np.zeros_like(columns["group"]), columns["group"], columns["record"], known)
    return group, sets, known


def read_tables(path: Path) -> Iterator[tuple[int, Numbers, Table]]:
    """Each release in order: its number, its cells' numbers and the table, parents too.

    A cell with several parents stands in the file once for each. Children of one parent that share people
    are children along different dimensions: in the order of cells, each joins the first it fits.
    """
    read = read_cells(path)
    columns = read_columns(path, ("release", "cell", "parent", "dimension_count"))
    about = np.unique(np.stack([columns[each] for each in columns]), axis=1)
    for release in np.unique(read.release):
        rows = np.flatnonzero(read.release == release)
        cells, sets = read.cell[rows], read.sets.take(rows)
        _, cell, parent, dimensions = about[:, about[0] == release]
        place = np.searchsorted(cells, cell)
        counts = np.zeros(cells.size, dtype=np.int64)
        counts[place] = dimensions
        has_parent = np.isin(parent, cells)
        pairs = zip(np.searchsorted(cells, parent[has_parent]), place[has_parent], strict=True)
        table = Table(
            cells=sets,
            keys=tuple(f"{each:020d}" for each in cells),
            dimension_counts=tuple(counts.tolist()),
            families=tuple(_families(sets, sorted((int(a), int(b)) for a, b in pairs))),
        )
        yield int(release), cells, table


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
    order = np.lexsort((person, cell, release))
    rows = np.stack([release[order], cell[order], person[order]])
    fresh = np.ones(order.size, dtype=np.bool_)
    fresh[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    rows = rows[:, fresh]
    begins = np.ones(rows.shape[1], dtype=np.bool_)
    begins[1:] = (rows[:2, 1:] != rows[:2, :-1]).any(axis=0)
    first = np.flatnonzero(begins)
    starts = np.append(first, rows.shape[1]).astype(np.int64)
    return rows[0, first], rows[1, first], PersonSets(starts, rows[2].astype(np.int32))


def write_tables(path: Path, tables: Iterable[tuple[int, Table]]) -> None:
    """Tables as a file that `read_tables` reads: release, cell, record, parent, dimension_count."""
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
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
    pq.write_table(pa.table({**columns, "record": sets.members}), path, compression="zstd")
