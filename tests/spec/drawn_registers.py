"""Tables about two lists drawn as text, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, RegisterParameters, RegisterSpec
from linkage_engine.query.plan import plan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.register_completeness.reference import Lists, register_reference
from linkage_engine.query.register_completeness.statement import INPUTS
from linkage_engine.query.run import answer
from tests.spec import drawn
from tests.spec.drawn import Rows, locked

DATA_END = date(2025, 3, 31)


def a_register_spec(*breakdowns: Breakdown, **parameters: Any) -> RegisterSpec:
    """On 31 December 2020, of diagnoses since April 2003, unless told otherwise."""
    asked = RegisterParameters(**{"index_date": date(2020, 12, 31)} | parameters)
    return RegisterSpec(
        project_id="a-project",
        template="register_completeness",
        parameters=asked,
        breakdowns=tuple(breakdowns),
    )


def registered(link_id: str, **changed: object) -> dict[str, Any]:
    """A registration of a woman born in 1950 in one board, unless told otherwise."""
    return drawn.registered(link_id, **{"icb_code": "E54000008"} | changed)


def coded(
    link_id: str, day: date, kind: str = "diagnosis", condition: str | None = "cancer"
) -> dict[str, Any]:
    """An entry in a practice's record."""
    return {"link_id": link_id, "event_date": day, "concept_type": kind, "condition": condition}


def by_sql(spec: RegisterSpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }
    with locked() as connection:
        return answer(connection, plan(spec, data_end=DATA_END), arrow)


def listed(table: RawTable) -> dict[tuple[str, ...], Lists]:
    """A raw table in the form of the reference."""
    return {
        cell.labels: {
            "population": frozenset(cell.population.tolist()),
            **{name: frozenset(part.tolist()) for name, part in cell.parts.items()},
        }
        for cell in table.cells
    }


def agreed(spec: RegisterSpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Lists]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    reference = register_reference(spec, {name: tables.get(name, []) for name in INPUTS})
    assert listed(by_sql(spec, tables)) == reference
    return reference
