"""From the statement's rows to the cells of who was reviewed."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.query.cancer_care_review.plan import CareReviewPlan
from linkage_engine.query.cancer_care_review.statement import EVERYBODY, statement
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.sets import cells_of, people_in
from linkage_engine.query.sql import Statement

DIVIDED_BY = (Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)


def cancer_care_review(plan: CareReviewPlan, ask: Callable[[Statement], pa.Table]) -> RawTable:
    """Who is on a register at the end of the year, and of them who counts how, in every cell."""
    people = people_in(ask(statement(plan)), ("part", *DIVIDED_BY))
    return cells_of(plan, people, plan.parts, everybody=EVERYBODY, divided_by=DIVIDED_BY)
