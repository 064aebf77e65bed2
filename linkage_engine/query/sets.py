"""The sets of people that a statement answers with, by their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.table_plan import Plan

Key = tuple[str, ...]
NOBODY: Persons = np.empty(0, dtype=np.int32)


def people_in(rows: pa.Table, names: Sequence[str]) -> dict[Key, Persons]:
    """Who is in each set of a statement's answer, by the labels in these columns."""
    return dict(zip(keys(rows, names), people_of(rows["persons"]), strict=True))


def keys(rows: pa.Table, names: Sequence[str]) -> list[Key]:
    """The labels of each row in these columns; a margin is called `Total`."""
    columns = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return [tuple(TOTAL if label is None else label for label in labels) for labels in columns]


def people_of(column: pa.ChunkedArray) -> list[Persons]:
    """The lists of a column; nobody where there is none."""
    items = (item for chunk in column.chunks for item in chunk)
    return [np.asarray(item.values.to_numpy(), dtype=np.int32) if item.is_valid else NOBODY for item in items]


def cells_of(
    plan: Plan,
    people: Mapping[Key, Persons],
    parts: tuple[str, ...],
    *,
    everybody: str,
    divided_by: tuple[Breakdown, ...],
) -> RawTable:
    """The exact table of a plan, from sets by part and labels; the part `everybody` is the population."""

    def cell(labels: tuple[str, ...]) -> RawCell:
        key = tuple(plan.label(labels, breakdown) for breakdown in divided_by)
        return RawCell(
            labels=labels,
            population=people.get((everybody, *key), NOBODY),
            parts={part: people.get((part, *key), NOBODY) for part in parts},
            applicable=plan.applies(labels),
        )

    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=parts,
        cells=tuple(map(cell, plan.cells())),
    )
