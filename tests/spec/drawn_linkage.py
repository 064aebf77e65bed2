"""Tables about a linkage drawn as text, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, LinkageQualityParameters, LinkageQualitySpec
from linkage_engine.query.linkage_quality_reference import LEVELS, Found, linkage_quality_reference
from linkage_engine.query.plan import plan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer, inputs
from tests.spec.drawn import Rows, locked

EVERY = (Breakdown.AGE_BAND, Breakdown.SEX, Breakdown.ETHNIC_GROUP, Breakdown.DEPRIVATION, Breakdown.AREA)


def a_linkage_spec(*breakdowns: Breakdown, **parameters: Any) -> LinkageQualitySpec:
    """Of registrations with practices, linked to cancers, on 31 December 2020 unless told otherwise."""
    fields = {
        "data_set": "gp_registration",
        "linked_to": "cancer_registration",
        "index_date": date(2020, 12, 31),
    }
    asked = LinkageQualityParameters(**fields | parameters)
    return LinkageQualitySpec(
        project_id="a-project", template="linkage_quality", parameters=asked, breakdowns=tuple(breakdowns)
    )


def whose(person: str, provider: str = "practices", key: str | None = None, **ids: str) -> dict[str, Any]:
    """A record of a person: linked by all three link ids unless told otherwise."""
    link_ids = {"link_id": person, "link_id_strict": person, "link_id_lenient": person} | ids
    return {"provider_id": provider, "person_key": key or f"{provider}-{person}", **link_ids}


def registered(person: str, **changed: object) -> dict[str, Any]:
    """A registration of a woman born in 1950, of whom all is known."""
    names = {name: changed.pop(name) for name in ("provider", "key") if name in changed}
    return {
        **whose(person, **names),  # type: ignore[arg-type]  # both are text
        "registration_start": date(2000, 1, 1),
        "year_of_birth": 1950,
        "sex": "2",
        "ethnic_category": "A",
        "imd_quintile": "1",
        "icb_code": "E54000008",
    } | changed


def by_sql(spec: LinkageQualitySpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    made = plan(spec)
    arrow = {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema)
        for name, schema in inputs(made).items()
    }
    with locked() as connection:
        return answer(connection, made, arrow)


def counted(table: RawTable) -> dict[tuple[str, ...], Found]:
    """A raw table in the form of the reference: cells with somebody in them."""
    return {
        cell.labels: Found(
            set(cell.population.tolist()), {part: set(cell.parts[part].tolist()) for part in LEVELS}
        )
        for cell in table.cells
        if cell.population.size
    }


def agreed(spec: LinkageQualitySpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Found]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    full = {name: tables.get(name, []) for name in inputs(plan(spec))}
    reference = linkage_quality_reference(spec, full)
    assert counted(by_sql(spec, tables)) == reference
    return reference
