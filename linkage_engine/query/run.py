"""A plan is run on a locked, in-memory DuckDB: records in, exact cells out, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import Plan
from linkage_engine.query.raw_table import Persons, RawCell, RawTable
from linkage_engine.query.sql import Statement, statement

SECONDS_ALLOWED = 60.0

INPUTS: Mapping[str, pa.Schema] = {
    "cancer_registration": pa.schema(
        {"link_id": pa.string(), "diagnosis_date": pa.date32(), "primary_diagnosis_icd10": pa.string()}
    ),
    "death": pa.schema({"link_id": pa.string(), "date_of_death": pa.date32()}),
    "gp_registration": pa.schema(
        {
            "link_id": pa.string(),
            "gp_practice_code": pa.string(),
            "registration_start": pa.date32(),
            "registration_end": pa.date32(),
            "year_of_birth": pa.int32(),
            "sex": pa.string(),
        }
    ),
    "person_index": pa.schema({"link_id": pa.string(), "person": pa.int32()}),
}
"""What a run reads; other columns are left aside before the database sees the table."""

_Key = tuple[str | None, str, str]


def answer(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    tables: Mapping[str, pa.Table],
    *,
    seconds: float = SECONDS_ALLOWED,
) -> RawTable:
    """The exact answer to a plan over `tables` (see `INPUTS`), which are registered for the run alone.

    `person_index` is the roll: whoever is not on it is not counted. Raises `QueryRefused`:
    NO_LINKED_DATA when a table is missing or the roll is empty, COLUMNS_DIFFER, VAULT_DAMAGED when
    the roll names someone twice, QUERY_TOO_SLOW after `seconds`, QUERY_FAILED when the database refuses.
    """
    inputs = _fitted(tables)
    with _registered(connection, inputs):
        people = _people(_run(connection, statement(plan), seconds=seconds))
    template = plan.template
    return RawTable(
        title=template.title,
        template=template.name,
        dimensions=tuple(breakdown.value for breakdown in plan.breakdowns),
        numerator_title=template.numerator,
        denominator_title=template.denominator,
        cells=tuple(_cell(plan, labels, people) for labels in plan.cells()),
    )


def _fitted(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Only the columns that a run reads, in their types; a roll that counts each person once."""
    missing = sum(name not in tables for name in INPUTS)
    if missing:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA, tables_missing=missing)
    try:
        fitted = {name: tables[name].select(schema.names).cast(schema) for name, schema in INPUTS.items()}
    except (pa.ArrowException, KeyError, ValueError):
        raise QueryRefused(RefusalCode.COLUMNS_DIFFER) from None
    roll = fitted["person_index"]
    if not roll.num_rows:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    if any(pc.count_distinct(roll[name], mode="all").as_py() != roll.num_rows for name in roll.column_names):
        raise QueryRefused(RefusalCode.VAULT_DAMAGED)
    return fitted


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    try:
        for name, table in tables.items():
            connection.register(name, table)
        yield
    finally:
        for name in tables:
            connection.unregister(name)


def _run(connection: duckdb.DuckDBPyConnection, query: Statement, *, seconds: float) -> pa.Table:
    """The statement's rows; a database error may quote data, so only its kind is passed on."""
    timer = Timer(seconds, connection.interrupt)
    timer.start()
    try:
        return connection.sql(query.text, params=dict(query.parameters)).to_arrow_table()
    except duckdb.InterruptException:
        raise QueryRefused(RefusalCode.QUERY_TOO_SLOW, seconds_allowed=round(seconds)) from None
    except duckdb.Error:
        raise QueryRefused(RefusalCode.QUERY_FAILED) from None
    finally:
        timer.cancel()


def _people(rows: pa.Table) -> dict[_Key, Persons]:
    """Who is in each set of the statement's answer; a margin is called `Total`."""
    names = ("tumour_group", "sex", "age_band")
    keys = zip(*(rows[name].to_pylist() for name in names), strict=True)
    lists = (item for chunk in rows["persons"].chunks for item in chunk)
    return {
        (group, sex or TOTAL, band or TOTAL): np.asarray(persons.values.to_numpy(), dtype=np.int32)
        for (group, sex, band), persons in zip(keys, lists, strict=True)
    }


def _cell(plan: Plan, labels: tuple[str, ...], people: Mapping[_Key, Persons]) -> RawCell:
    group, sex, band = (
        plan.label(labels, b) for b in (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND)
    )
    return RawCell(
        labels=labels,
        numerator=people.get((group, sex, band), _NOBODY),
        denominator=people.get((None, sex, band), _NOBODY),
        applicable=plan.applies(labels),
    )


_NOBODY: Persons = np.empty(0, dtype=np.int32)
