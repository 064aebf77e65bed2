"""Tables drawn as text, and one answer from both engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, PrevalenceSpec
from linkage_engine.query.plan import plan
from linkage_engine.query.prevalence_sql import INPUTS
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.reference import Counted, reference_answer
from linkage_engine.query.run import answer

Rows = list[dict[str, Any]]


def drawn(text: str) -> Rows:
    """Rows of a table drawn with bars; an empty field is null, digits and ISO dates are read as such."""
    lines = [[field.strip() for field in line.split("|")] for line in text.strip().splitlines()]
    header, body = lines[0], lines[1:]
    return [{name: _value(name, field) for name, field in zip(header, line, strict=True)} for line in body]


def _value(name: str, field: str) -> object:
    if not field:
        return None
    if name in {"person", "year_of_birth"}:
        return int(field)
    return date.fromisoformat(field) if name.endswith(("date", "_start", "_end", "_death")) else field


def people(count: int) -> Rows:
    """A roll of p1, p2, ... numbered 1, 2, ..."""
    return [{"link_id": f"p{n}", "person": n} for n in range(1, count + 1)]


def registered(link_id: str, **changed: object) -> dict[str, Any]:
    """A registration since 2000 of a woman born in 1950, unless told otherwise."""
    return {
        "link_id": link_id,
        "gp_practice_code": "A00001",
        "registration_start": date(2000, 1, 1),
        "registration_end": None,
        "year_of_birth": 1950,
        "sex": "2",
    } | changed


def arrow(tables: Mapping[str, Rows]) -> dict[str, pa.Table]:
    """The four tables of a run in Arrow form."""
    return {
        name: pa.Table.from_pylist(tables.get(name, []), schema=schema) for name, schema in INPUTS.items()
    }


def a_spec(*breakdowns: Breakdown, **parameters: Any) -> PrevalenceSpec:
    """Prevalence on 31 December 2020 unless told otherwise."""
    asked = PrevalenceParameters(**{"index_date": date(2020, 12, 31)} | parameters)
    return PrevalenceSpec(
        project_id="a-project", template="prevalence", parameters=asked, breakdowns=tuple(breakdowns)
    )


def locked() -> duckdb.DuckDBPyConnection:
    """A database like the analysis worker's: in memory, no files, no extensions, no more settings."""
    connection = duckdb.connect(":memory:")
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        "allow_community_extensions=false",
        "temp_directory=''",
        "threads=1",
        "python_enable_replacements=false",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def by_sql(spec: PrevalenceSpec, tables: Mapping[str, Rows]) -> RawTable:
    """The answer of the SQL."""
    with locked() as connection:
        return answer(connection, plan(spec), arrow(tables))


def counted(table: RawTable) -> dict[tuple[str, ...], Counted]:
    """A raw table in the form of the reference."""
    return {
        cell.labels: Counted(frozenset(cell.parts["numerator"].tolist()), frozenset(cell.population.tolist()))
        for cell in table.cells
    }


def agreed(spec: PrevalenceSpec, tables: Mapping[str, Rows]) -> dict[tuple[str, ...], Counted]:
    """The answer on which the SQL and the reference agree; a failed test where they do not."""
    full: Mapping[str, Sequence[dict[str, Any]]] = {name: tables.get(name, []) for name in INPUTS}
    reference = reference_answer(spec, full)
    assert counted(by_sql(spec, tables)) == reference
    return reference
