"""Tables about reviews of cancer care, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, CareReviewParameters, CareReviewSpec
from linkage_engine.query.cancer_care_review.reference import Reviews, care_review_reference
from linkage_engine.query.cancer_care_review.statement import INPUTS
from linkage_engine.query.plan import plan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer
from tests.spec.drawn import Rows, locked, people
from tests.spec.drawn_registers import coded, listed, registered

YEAR_END = date(2024, 3, 31)


def a_review_spec(*breakdowns: Breakdown, **parameters: Any) -> CareReviewSpec:
    """Of the year 2023/24, unless told otherwise."""
    asked = CareReviewParameters(**{"year": "2023/24"} | parameters)
    return CareReviewSpec(
        project_id="a-project", template="cancer_care_review", parameters=asked, breakdowns=tuple(breakdowns)
    )


def on_registers(*entries: tuple[str, date, str], **tables: Rows) -> dict[str, Rows]:
    """Everybody who is named, registered since 2000, with entries about cancer by person, day and kind."""
    count = max(int(person[1:]) for person, _, _ in entries)
    return {
        "person_index": people(count),
        "gp_registration": [registered(f"p{n}") for n in range(1, count + 1)],
        "gp_event": [coded(person, day, kind) for person, day, kind in entries],
    } | tables


def by_sql(spec: CareReviewSpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }
    with locked() as connection:
        return answer(connection, plan(spec, data_end=date(2025, 3, 31)), arrow)


def agreed(spec: CareReviewSpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Reviews]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    reference = care_review_reference(spec, {name: tables.get(name, []) for name in INPUTS})
    assert listed(by_sql(spec, tables)) == reference
    return reference
