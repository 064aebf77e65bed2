"""From the statement's rows to the cells of two lists compared."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.register_completeness.statement import EVERYBODY, statement
from linkage_engine.query.sets import cells_of, people_in
from linkage_engine.query.sql import Statement

PARTS = ("both", "registry_only", "register_only")
DIVIDED_BY = (Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)


def register_completeness(plan: RegisterPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is registered and alive, and of them who is on which list, in every cell."""
    people = people_in(ask(statement(plan)), ("part", *DIVIDED_BY))
    return cells_of(plan, people, PARTS, everybody=EVERYBODY, divided_by=DIVIDED_BY)
