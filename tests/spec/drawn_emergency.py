"""Emergency care after diagnosis over drawn tables, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.catalogue.analysis_templates import around_diagnosis_template
from linkage_engine.contract.controlled_table import AT_RISK
from linkage_engine.contract.query_spec import (
    AroundDiagnosisSpecification,
    Breakdown,
    EmergencyParameters,
    EmergencySpec,
)
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Reference
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan, around_diagnosis_plan
from linkage_engine.query.around_diagnosis.reference import CellFound, Others, around_diagnosis_reference
from linkage_engine.query.around_diagnosis.statements import INPUTS
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer, inputs
from tests.spec.drawn import Rows, locked

Answer = tuple[RawTable, dict[tuple[str, ...], CellFound], Others]
DATA_END = date(2022, 1, 1)


def an_emergency_spec(*breakdowns: Breakdown, **parameters: Any) -> EmergencySpec:
    """Diagnoses of March 2020 and a window of 30 days, unless told otherwise."""
    asked = EmergencyParameters(
        **{
            "diagnosed_from": date(2020, 3, 1),
            "diagnosed_to": date(2020, 3, 31),
            "window_days": 30,
            "events": ("emergency_admission", "emergency_attendance"),
        }
        | parameters
    )
    return EmergencySpec(
        project_id="a-project", template="emergency_15m", parameters=asked, breakdowns=tuple(breakdowns)
    )


def emergency_plan(spec: AroundDiagnosisSpecification, data_end: date = DATA_END) -> AroundDiagnosisPlan:
    """The plan of a question about hospital data up to a day."""
    return around_diagnosis_plan(spec, data_end)


def emergency_by_sql(
    spec: AroundDiagnosisSpecification, tables: Mapping[str, Rows], data_end: date = DATA_END
) -> RawTable:
    """The answer of the SQL."""
    made = emergency_plan(spec, data_end)
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema)
        for name, schema in inputs(made).items()
    }
    with locked() as connection:
        return answer(connection, made, arrow)


def plain(spec: AroundDiagnosisSpecification, table: RawTable) -> dict[tuple[str, ...], Any]:
    """A raw table's cells as people, people by part, events by part and days by stratum."""
    strata = emergency_plan(spec).strata
    return {
        cell.labels: (
            set(cell.population.tolist()),
            {name: set(part.tolist()) for name, part in cell.parts.items()},
            dict(cell.events),
            {strata[n]: days for n, days in enumerate(cell.days.tolist()) if days},
        )
        for cell in table.cells
    }


def plain_others(spec: AroundDiagnosisSpecification, table: RawTable) -> dict[str, Any]:
    """Those compared with: people, days and events by stratum."""
    strata, others = emergency_plan(spec).strata, table.reference
    assert others is not None
    tallies = {"persons": others.persons, "days": others.days, **others.events}
    return {
        name: {strata[n]: number for n, number in enumerate(tally.tolist()) if number}
        for name, tally in tallies.items()
    }


def emergency_agreed(
    spec: AroundDiagnosisSpecification, tables: Mapping[str, Rows], data_end: date = DATA_END
) -> Answer:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    full = {name: tables.get(name, []) for name in INPUTS}
    cells, others = around_diagnosis_reference(spec, full, data_end=data_end)
    table = emergency_by_sql(spec, tables, data_end)
    assert plain(spec, table) == {
        labels: (
            cell.people,
            {kind: set(happened) for kind, happened in cell.happened.items()}
            | ({AT_RISK: cell.at_risk} if AT_RISK in spec.parts else {}),
            {kind: len(happened) for kind, happened in cell.happened.items()},
            dict(cell.days),
        )
        for labels, cell in cells.items()
    }
    assert plain_others(spec, table) == {
        "persons": dict(others.persons),
        "days": dict(others.days),
        **{kind: dict(events) for kind, events in others.events.items()},
    }
    return table, cells, others


def exact(spec: AroundDiagnosisSpecification, raw: RawTable) -> ExactTable:
    """A raw table as disclosure control is given it."""
    assert raw.reference is not None
    return ExactTable(
        title="Title",
        template=raw.template,
        dimensions=raw.dimensions,
        measures=around_diagnosis_template(spec.template).measures_of(spec.parts),
        cells=tuple(
            ExactCell(c.labels, c.population, c.parts, c.events, c.days, c.applicable) for c in raw.cells
        ),
        reference=Reference(
            raw.reference.sexes, raw.reference.persons, raw.reference.days, raw.reference.events
        ),
    )
