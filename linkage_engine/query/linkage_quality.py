"""From the statement's rows to the cells of a linkage's quality."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.query.linkage_quality_plan import LinkageQualityPlan
from linkage_engine.query.linkage_quality_sql import statement
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.sql import Statement

PARTS = ("linked_strict", "linked", "linked_lenient")
Flags = npt.NDArray[np.bool_]


def linkage_quality(plan: LinkageQualityPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is in the data set, and who of them is linked by each link id, in every cell."""
    people = ask(statement(plan))
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=PARTS,
        cells=tuple(_cell(plan, labels, people) for labels in plan.cells()),
    )


def _cell(plan: LinkageQualityPlan, labels: tuple[str, ...], people: pa.Table) -> RawCell:
    inside: Flags = np.ones(people.num_rows, dtype=np.bool_)
    for breakdown, label in zip(plan.breakdowns, labels, strict=True):
        if label != TOTAL:
            inside &= pc.equal(people[breakdown.value], label).to_numpy()
    return RawCell(
        labels=labels,
        population=_persons(people, inside),
        parts={name: _persons(people, inside & people[name].to_numpy()) for name in PARTS},
        applicable=True,
    )


def _persons(people: pa.Table, inside: Flags) -> Persons:
    numbers: Persons = people["person"].to_numpy().astype(np.int32)[inside]
    return numbers
