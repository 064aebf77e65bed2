"""Tables about a survey drawn as text, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, QualityOfLifeParameters, QualityOfLifeSpec
from linkage_engine.query.plan import plan
from linkage_engine.query.quality_of_life.reference import Surveyed, quality_of_life_reference
from linkage_engine.query.quality_of_life.statements import ANSWERS, INPUTS
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer
from tests.spec.drawn import Rows, locked

DATA_END = date(2025, 3, 31)
DAY = date(2022, 6, 1)


def a_survey_spec(*breakdowns: Breakdown, **parameters: Any) -> QualityOfLifeSpec:
    """Of the invitations of 2022, unless told otherwise."""
    asked = QualityOfLifeParameters(
        **{"invited_from": date(2022, 1, 1), "invited_to": date(2022, 12, 31)} | parameters
    )
    return QualityOfLifeSpec(
        project_id="a-project", template="quality_of_life", parameters=asked, breakdowns=tuple(breakdowns)
    )


def invited(link_id: str, day: date = DAY, **changed: object) -> dict[str, Any]:
    """An invitation that was not answered, unless told otherwise."""
    return {
        "link_id": link_id,
        "invite_date": day,
        "response_date": None,
        "linkage_consent": None,
        **dict.fromkeys(ANSWERS),
    } | changed


def answered(link_id: str, **answers: object) -> dict[str, Any]:
    """An invitation that was answered in a month, with these answers and no others."""
    return invited(link_id) | {"response_date": date(2022, 7, 1), "linkage_consent": "yes"} | answers


def by_sql(spec: QualityOfLifeSpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }
    with locked() as connection:
        return answer(connection, plan(spec, data_end=DATA_END), arrow)


def surveyed(table: RawTable) -> dict[tuple[str, ...], Surveyed]:
    """A raw table in the form of the reference."""
    return {
        cell.labels: Surveyed(
            population=frozenset(cell.population.tolist()),
            parts={name: frozenset(part.tolist()) for name, part in cell.parts.items()},
            values={
                name: dict(zip(cell.population.tolist(), values.tolist(), strict=True))
                for name, values in cell.values.items()
            },
        )
        for cell in table.cells
    }


def same(one: Mapping[tuple[str, ...], Surveyed], other: Mapping[tuple[str, ...], Surveyed]) -> bool:
    """Whether two answers agree; a variable that nobody has anything of may be left out."""

    def filled(cell: Surveyed) -> Surveyed:
        values = {name: held for name, held in cell.values.items() if any(held.values())}
        return Surveyed(cell.population, cell.parts, values)

    return {at: filled(cell) for at, cell in one.items()} == {at: filled(cell) for at, cell in other.items()}


def agreed(spec: QualityOfLifeSpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Surveyed]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    found = surveyed(by_sql(spec, tables))
    assert same(found, quality_of_life_reference(spec, {name: tables.get(name, []) for name in INPUTS}))
    return found
