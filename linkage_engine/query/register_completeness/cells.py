"""From the statement's rows to the cells of two lists compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.register_completeness.statement import EVERYBODY, statement
from linkage_engine.query.sets import NOBODY, Key, people_in
from linkage_engine.query.sql import Statement

PARTS = ("both", "registry_only", "register_only")
DIVIDED_BY = (Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)


def register_completeness(plan: RegisterPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is registered and alive, and of them who is on which list, in every cell."""
    people = people_in(ask(statement(plan)), ("part", *DIVIDED_BY))
    return RawTable(
        template=plan.template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        parts=PARTS,
        cells=tuple(_cell(plan, labels, people) for labels in plan.cells()),
    )


def _cell(plan: RegisterPlan, labels: tuple[str, ...], people: Mapping[Key, Persons]) -> RawCell:
    key = tuple(plan.label(labels, breakdown) for breakdown in DIVIDED_BY)
    return RawCell(
        labels=labels,
        population=people.get((EVERYBODY, *key), NOBODY),
        parts={part: people.get((part, *key), NOBODY) for part in PARTS},
        applicable=True,
    )
