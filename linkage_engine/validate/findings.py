"""Findings as reports want them: rows decided one way or another by an expression, counted and numbered."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import DataSet
from linkage_engine.contract.reports import ROW_NUMBERS_SHOWN, FieldReport, ValidationClass, ValidationReport

ROW_NUMBER = "row_number"
"""An added column: the row of the provider's file, the header being row 1."""


def finding(
    field: str, rule: str, outcome: ValidationClass, rows: int, row_numbers: tuple[int, ...] = ()
) -> FieldReport:
    """One finding; row numbers are kept of classes that did not pass."""
    return FieldReport(
        field=field,
        rule=rule,
        outcome=outcome,
        rows=rows,
        row_numbers=() if outcome.passed else row_numbers,
    )


def grouped(rows: duckdb.DuckDBPyRelation, decided: str) -> list[tuple[str, int, tuple[int, ...]]]:
    """How many rows the expression decided each way, and the first rows of each; null is no decision."""
    decisions = rows.project(f"{ROW_NUMBER}, {decided} AS rule").filter("rule IS NOT NULL")
    figures = decisions.aggregate(f"rule, count(*), min({ROW_NUMBER}, {ROW_NUMBERS_SHOWN})", "rule")
    return [(rule, count, tuple(numbers)) for rule, count, numbers in figures.fetchall()]


def numbered(table: pa.Table) -> pa.Table:
    """The table with `row_number`, by position from 2 where it has none."""
    if ROW_NUMBER in table.column_names:
        return table
    return table.append_column(ROW_NUMBER, pa.array(range(2, table.num_rows + 2), pa.int64()))


def read(connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: str) -> duckdb.DuckDBPyRelation:
    """The columns, computed once and held."""
    return connection.from_arrow(connection.from_arrow(table).project(columns).to_arrow_table())


def report_of(schema: DataSet, rows: int, findings: Iterable[FieldReport]) -> ValidationReport:
    """The findings as one report, ordered by field, then rule."""
    place = {name: i for i, name in enumerate(schema.columns)}
    ordered = sorted(findings, key=lambda f: (place[f.field], f.rule, f.outcome))
    return ValidationReport(data_set=schema.name, rows=rows, findings=tuple(ordered))
