"""A plan is run on a locked, in-memory DuckDB: records in, exact cells out, nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import Any

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.events import events
from linkage_engine.contract.excluded import PersonsBy
from linkage_engine.contract.query_spec import EventKind
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query import linkage_quality_sql, prevalence_sql
from linkage_engine.query.around_diagnosis import statements as around_diagnosis_sql
from linkage_engine.query.around_diagnosis.cells import around_diagnosis
from linkage_engine.query.around_diagnosis.first_events import first_events
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan
from linkage_engine.query.cancer_care_review import statement as care_review_sql
from linkage_engine.query.cancer_care_review.cells import cancer_care_review
from linkage_engine.query.cancer_care_review.plan import CareReviewPlan
from linkage_engine.query.excluded import persons_by, statement
from linkage_engine.query.linkage_quality import linkage_quality
from linkage_engine.query.linkage_quality_plan import LinkageQualityPlan
from linkage_engine.query.personalised_care import statement as personalised_care_sql
from linkage_engine.query.personalised_care.cells import personalised_care
from linkage_engine.query.personalised_care.plan import PersonalisedCarePlan
from linkage_engine.query.plan import AnyPlan
from linkage_engine.query.prevalence import prevalence
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.quality_of_life import statements as quality_of_life_sql
from linkage_engine.query.quality_of_life.cells import quality_of_life
from linkage_engine.query.quality_of_life.plan import QualityOfLifePlan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.register_completeness import statement as register_sql
from linkage_engine.query.register_completeness.cells import register_completeness
from linkage_engine.query.register_completeness.plan import RegisterPlan
from linkage_engine.query.sql import Statement

SECONDS_ALLOWED = 60.0
Ask = Callable[[Statement], pa.Table]


READ_AS_KEPT: Mapping[type, tuple[Mapping[str, pa.Schema], Callable[[Any, Ask], RawTable]]] = {
    PrevalencePlan: (prevalence_sql.INPUTS, prevalence),
    RegisterPlan: (register_sql.INPUTS, register_completeness),
    PersonalisedCarePlan: (personalised_care_sql.INPUTS, personalised_care),
    CareReviewPlan: (care_review_sql.INPUTS, cancer_care_review),
    QualityOfLifePlan: (quality_of_life_sql.INPUTS, quality_of_life),
}
"""Plans that read the same tables whatever is asked, as they are kept."""


def inputs(plan: AnyPlan) -> Mapping[str, pa.Schema]:
    """What a run of the plan reads; other columns are left aside before the database sees a table."""
    if isinstance(plan, LinkageQualityPlan):
        return linkage_quality_sql.inputs_of(plan)
    if isinstance(plan, AroundDiagnosisPlan):
        return dict(_read(plan))
    return READ_AS_KEPT[type(plan)][0]


def _read(plan: AroundDiagnosisPlan) -> Iterator[tuple[str, pa.Schema]]:
    """Of the tables about events those of the kinds asked about, and of each the template's columns."""
    needed = {"person_index", *plan.template.inputs} - set(events().data_sets(set(EventKind)))
    needed |= set(events().data_sets(plan.kinds))
    for name, schema in around_diagnosis_sql.INPUTS.items():
        columns = {"link_id", "person", *plan.template.inputs.get(name, ())}
        if name in needed:
            yield name, pa.schema([field for field in schema if field.name in columns])


def answer(
    connection: duckdb.DuckDBPyConnection,
    plan: AnyPlan,
    tables: Mapping[str, pa.Table],
    *,
    seconds: float = SECONDS_ALLOWED,
) -> RawTable:
    """The exact answer to a plan over `tables` (see `inputs`), which are registered for the run alone.

    `person_index` is the roll: whoever is not on it is not counted. Raises `QueryRefused`:
    NO_LINKED_DATA when a table is missing or the roll is empty, COLUMNS_DIFFER, VAULT_DAMAGED when
    the roll names someone twice, QUERY_TOO_SLOW when a statement takes more than `seconds`,
    QUERY_FAILED when the database refuses.
    """

    def ask(statement: Statement) -> pa.Table:
        return _run(connection, statement, seconds=seconds)

    fitted = _fitted(tables, inputs(plan))
    if isinstance(plan, LinkageQualityPlan):
        with _registered(connection, linkage_quality_sql.rows_as_read(plan, fitted)):
            return linkage_quality(plan, ask)
    if isinstance(plan, AroundDiagnosisPlan):
        with _registered(connection, dict(_whole(fitted))):
            return (first_events if plan.is_of_first_events else around_diagnosis)(plan, ask)
    with _registered(connection, fitted):
        return READ_AS_KEPT[type(plan)][1](plan, ask)


def excluded(
    connection: duckdb.DuckDBPyConnection,
    plan: AnyPlan,
    tables: Mapping[str, pa.Table],
    *,
    seconds: float = SECONDS_ALLOWED,
) -> tuple[PersonsBy, ...]:
    """Who of the registry's people in the period is not in the answer, and why; raises as `answer` does."""
    asked = statement(plan)
    if asked is None:
        return ()
    fitted = _fitted(tables, inputs(plan))
    as_read = fitted if isinstance(plan, PrevalencePlan | PersonalisedCarePlan) else dict(_whole(fitted))
    with _registered(connection, as_read):
        return persons_by(_run(connection, asked, seconds=seconds))


def _whole(fitted: Mapping[str, pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """Every table of the statements: a kind of event that was not asked about is one that never happened."""
    for name, schema in around_diagnosis_sql.INPUTS.items():
        table = fitted.get(name, schema.empty_table())
        for field in schema:
            if field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        yield name, table


def _fitted(tables: Mapping[str, pa.Table], schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """Only the columns that a run reads, in their types; a roll that counts each person once."""
    missing = sum(name not in tables for name in schemas)
    if missing:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA, tables_missing=missing)
    try:
        fitted = {name: tables[name].select(schema.names).cast(schema) for name, schema in schemas.items()}
    except (pa.ArrowException, KeyError, ValueError):
        raise QueryRefused(RefusalCode.COLUMNS_DIFFER) from None
    if not fitted["person_index"].num_rows:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    return fitted


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    try:
        for name, table in tables.items():
            connection.register(name, table)
        _named_once(connection)
        yield
    finally:
        for name in tables:
            connection.unregister(name)


def _named_once(connection: duckdb.DuckDBPyConnection) -> None:
    """Counted by the database, which does it with all its threads; it is no part of what was asked."""
    counts = connection.execute("SELECT count(DISTINCT COLUMNS(*)), count(*) FROM person_index").fetchall()
    if len(set(*counts)) != 1:
        raise QueryRefused(RefusalCode.VAULT_DAMAGED)


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
