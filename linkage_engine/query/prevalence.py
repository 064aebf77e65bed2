"""From the statement's rows to the cells of prevalence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.prevalence_sql import statement
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.sql import Statement

_Key = tuple[str | None, str, str]


def prevalence(plan: PrevalencePlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is counted, and out of whom, in every cell."""
    people = _people(ask(statement(plan)))
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=("numerator",),
        cells=tuple(_cell(plan, labels, people) for labels in plan.cells()),
    )


def _people(rows: pa.Table) -> dict[_Key, Persons]:
    """Who is in each set of the statement's answer; a margin is called `Total`."""
    names = ("tumour_group", "sex", "age_band")
    keys = zip(*(rows[name].to_pylist() for name in names), strict=True)
    lists = (item for chunk in rows["persons"].chunks for item in chunk)
    return {
        (group, sex or TOTAL, band or TOTAL): np.asarray(persons.values.to_numpy(), dtype=np.int32)
        for (group, sex, band), persons in zip(keys, lists, strict=True)
    }


def _cell(plan: PrevalencePlan, labels: tuple[str, ...], people: Mapping[_Key, Persons]) -> RawCell:
    group, sex, band = (
        plan.label(labels, b) for b in (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND)
    )
    return RawCell(
        labels=labels,
        population=people.get((None, sex, band), _NOBODY),
        parts={"numerator": people.get((group, sex, band), _NOBODY)},
        applicable=plan.applies(labels),
    )


_NOBODY: Persons = np.empty(0, dtype=np.int32)
