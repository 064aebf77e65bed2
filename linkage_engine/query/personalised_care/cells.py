"""From the statement's rows to the cells of who was offered care."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.personalised_care.plan import PersonalisedCarePlan
from linkage_engine.query.personalised_care.statement import EVERYBODY, statement
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.sets import cells_of, people_in
from linkage_engine.query.sql import Statement

DIVIDED_BY = (
    Breakdown.TUMOUR_GROUP,
    Breakdown.SEX,
    Breakdown.AGE_BAND,
    Breakdown.STAGE,
    Breakdown.ORGANISATION,
)


def personalised_care(plan: PersonalisedCarePlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is diagnosed and alive half a year later, and of them how far care came, in every cell."""
    people = people_in(ask(statement(plan)), ("part", *DIVIDED_BY))
    return cells_of(plan, people, plan.parts, everybody=EVERYBODY, divided_by=DIVIDED_BY)
