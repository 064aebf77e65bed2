"""From the statement's rows to the cells of two lists compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.register_completeness.statement import EVERYBODY, statement
from linkage_engine.query.sql import Statement

PARTS = ("both", "registry_only", "register_only")
DIVIDED_BY = (Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)
_Key = tuple[str, ...]


def register_completeness(plan: RegisterPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is registered and alive, and of them who is on which list, in every cell."""
    people = _people(ask(statement(plan)))
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=PARTS,
        cells=tuple(_cell(plan, labels, people) for labels in plan.cells()),
    )


def _people(rows: pa.Table) -> dict[_Key, Persons]:
    """Who is in each set of the statement's answer; a margin is called `Total`."""
    keys = zip(*(rows[name].to_pylist() for name in ("part", "sex", "age_band", "area")), strict=True)
    lists = (item for chunk in rows["persons"].chunks for item in chunk)
    return {
        (part, *(TOTAL if label is None else label for label in labels)): np.asarray(
            persons.values.to_numpy(), dtype=np.int32
        )
        for (part, *labels), persons in zip(keys, lists, strict=True)
    }


def _cell(plan: RegisterPlan, labels: tuple[str, ...], people: Mapping[_Key, Persons]) -> RawCell:
    key = tuple(plan.label(labels, breakdown) for breakdown in DIVIDED_BY)
    return RawCell(
        labels=labels,
        population=people.get((EVERYBODY, *key), _NOBODY),
        parts={part: people.get((part, *key), _NOBODY) for part in PARTS},
        applicable=True,
    )


_NOBODY: Persons = np.empty(0, dtype=np.int32)
