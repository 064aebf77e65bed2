"""Tables about personalised care drawn as text, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, PersonalisedCareParameters, PersonalisedCareSpec
from linkage_engine.query.personalised_care.reference import Care, personalised_care_reference
from linkage_engine.query.personalised_care.statement import INPUTS
from linkage_engine.query.plan import plan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer
from tests.spec.drawn import Rows, locked

DATA_END = date(2022, 3, 31)
DIAGNOSED = date(2020, 6, 1)


def a_care_spec(*breakdowns: Breakdown, **parameters: Any) -> PersonalisedCareSpec:
    """Diagnosed in 2020, unless told otherwise."""
    period = {"diagnosed_from": date(2020, 1, 1), "diagnosed_to": date(2020, 12, 31)}
    return PersonalisedCareSpec(
        project_id="a-project",
        template="personalised_care_coverage",
        parameters=PersonalisedCareParameters(**period | parameters),
        breakdowns=tuple(breakdowns),
    )


def tumour(link_id: str, **changed: object) -> dict[str, Any]:
    """The registration of a woman's breast cancer of stage 2 on 1 June 2020, unless told otherwise."""
    return {
        "link_id": link_id,
        "tumour_id": f"T{link_id}",
        "diagnosis_date": DIAGNOSED,
        "primary_diagnosis_icd10": "C509",
        "stage_best": "2",
        "age_at_diagnosis": 62,
        "person_stated_gender_code": "2",
    } | changed


def record(link_id: str, **changed: object) -> dict[str, Any]:
    """A record of a site of trust RAA about which nothing is said, unless told otherwise."""
    said = dict.fromkeys(INPUTS["cosd_personalised_care"].names)
    return said | {
        "link_id": link_id,
        "personalised_care_record_id": f"R{link_id}",
        "organisation_site_identifier": "RAA01",
    } | changed  # fmt: skip


def by_sql(spec: PersonalisedCareSpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }
    with locked() as connection:
        return answer(connection, plan(spec, data_end=DATA_END), arrow)


def cared(table: RawTable) -> dict[tuple[str, ...], Care]:
    """A raw table in the form of the reference."""
    return {
        cell.labels: {
            "population": frozenset(cell.population.tolist()),
            **{name: frozenset(part.tolist()) for name, part in cell.parts.items()},
        }
        for cell in table.cells
    }


def agreed(spec: PersonalisedCareSpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Care]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    full = {name: tables.get(name, []) for name in INPUTS}
    reference = personalised_care_reference(spec, full, data_end=DATA_END)
    assert cared(by_sql(spec, tables)) == reference
    return reference
