"""Rows of a part against its data set: findings in the vocabulary of reports, then typed columns."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import DataSet, DateOrder, Field, FieldType
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.reports import ROW_NUMBERS_SHOWN, FieldReport, ValidationClass, ValidationReport
from linkage_engine.validate.sql import comparable, faults, identifier, readings, value_of

ROW_NUMBER = "row_number"
"""An added column: the row of the provider's file, the header being row 1."""

_TEXT = (pa.string(), pa.large_string(), pa.null())
_ARROW_TYPES = {
    FieldType.STRING: pa.string(),
    FieldType.DATE: pa.date32(),
    FieldType.INTEGER: pa.int32(),
    FieldType.YEAR: pa.int16(),
}


def check(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, schema: DataSet, *, extract_date: date
) -> ValidationReport:
    """Every rule of the data set over every row; findings name fields, counts and row numbers only.

    The table has the columns of the data set in its order, all text; it may have `row_number` besides, else
    rows are numbered by position from 2. Other columns are `ExtractRejected(COLUMNS_DIFFER)`. Each row falls
    into one class for each field, decided by the first rule that fails; `unique` and `order` come on top.
    """
    check_columns(table, schema)
    rows = _read(connection, _numbered(table), f"{readings(schema)}, {ROW_NUMBER}")
    findings = [f for field in schema.fields for f in _field(rows, field)]
    findings += _unique(rows, schema)
    for order in schema.order:
        findings += _order(rows, schema, order, extract_date)
    place = {name: i for i, name in enumerate(schema.columns)}
    findings.sort(key=lambda f: (place[f.field], f.rule, f.outcome))
    return ValidationReport(data_set=schema.name, rows=table.num_rows, findings=tuple(findings))


def refuse_failed(report: ValidationReport) -> None:
    """Nothing where the report passed, else `ExtractRejected(ROWS_INVALID)` with the number of failures."""
    failures = sum(f.rows for f in report.findings if f.outcome.failed)
    if failures:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, rows=report.rows, failures=failures)


def typed(connection: duckdb.DuckDBPyConnection, table: pa.Table, schema: DataSet) -> pa.Table:
    """The rows with typed columns: date32, int32, int16 (years) and text; blank is null.

    For a table that passed `check`; a value that has no place in its type is `ExtractRejected(ROWS_INVALID)`.
    """
    check_columns(table, schema)
    rows = _read(connection, table, readings(schema))
    read = [f for f in schema.fields if f.type is not FieldType.STRING]
    lost = " OR ".join(f"({identifier(f.name)} IS NOT NULL AND {value_of(f)} IS NULL)" for f in read)
    unreadable = rows.filter(lost).aggregate("count(*)").fetchall()[0][0]
    if unreadable:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, rows=table.num_rows, failures=unreadable)
    columns = ", ".join(f"{value_of(f)} AS {identifier(f.name)}" for f in schema.fields)
    arrow_types = pa.schema([(f.name, _ARROW_TYPES[f.type]) for f in schema.fields])
    return rows.project(columns).to_arrow_table().cast(arrow_types)


def check_columns(table: pa.Table, schema: DataSet) -> None:
    """Nothing where the columns are the data set's, in order and all text, else `COLUMNS_DIFFER`."""
    names = [name for name in table.column_names if name != ROW_NUMBER]
    if names != list(schema.columns):
        missing, unknown = set(schema.columns) - set(names), set(names) - set(schema.columns)
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, missing=len(missing), unknown=len(unknown))
    not_text = sum(table.schema.field(name).type not in _TEXT for name in names)
    if not_text:
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, not_text=not_text)


def _field(rows: duckdb.DuckDBPyRelation, field: Field) -> list[FieldReport]:
    """Findings of one field; a valid row is entered under the last rule it passed."""
    rules = faults(field)
    last = rules[-1][0] if rules else "required"
    branches = [f"WHEN {identifier(field.name)} IS NULL THEN 'required'"]
    branches += [f"WHEN {condition} THEN '{rule}'" for rule, condition in rules]
    decided = " ".join(["CASE", *branches, "ELSE 'valid' END"])
    blank = ValidationClass.BLANK_MANDATORY if field.constraints.required else ValidationClass.BLANK_OPTIONAL
    findings = []
    for rule, count, row_numbers in _grouped(rows, decided):
        if rule == "valid":
            findings.append(_finding(field.name, last, ValidationClass.VALID, count, ()))
        else:
            outcome = blank if rule == "required" else ValidationClass.INVALID
            findings.append(_finding(field.name, rule, outcome, count, row_numbers))
    return findings


def _unique(rows: duckdb.DuckDBPyRelation, schema: DataSet) -> list[FieldReport]:
    """Rows whose whole primary key another row has too, under the last field of the key."""
    key = ", ".join(identifier(name) for name in schema.primary_key)
    rows = rows.filter(" AND ".join(f"{identifier(name)} IS NOT NULL" for name in schema.primary_key))
    # Grouping is several times as fast as the window that finds the rows, and mostly finds nothing.
    if not rows.aggregate(f"{key}, count(*) AS copies", key).filter("copies > 1").limit(1).fetchall():
        return []
    decided = f"CASE WHEN count(*) OVER (PARTITION BY {key}) > 1 THEN 'unique' END"
    return [
        _finding(schema.primary_key[-1], rule, ValidationClass.INVALID, count, row_numbers)
        for rule, count, row_numbers in _grouped(rows, decided)
    ]


def _order(
    rows: duckdb.DuckDBPyRelation, schema: DataSet, order: DateOrder, extract_date: date
) -> list[FieldReport]:
    """Rows whose two dates are the wrong way round, under the field of the two that the data set has.

    Where one of two given dates cannot be read, the order is undetermined; a blank one is no matter here.
    """
    given_a, earlier = comparable(schema, order.earlier, extract_date)
    given_b, later = comparable(schema, order.later, extract_date)
    field = order.later if order.later in schema.columns else order.earlier
    decided = " ".join(
        (
            f"CASE WHEN NOT ({given_a} AND {given_b}) THEN NULL",
            f"WHEN ({earlier}) IS NULL OR ({later}) IS NULL THEN 'undetermined'",
            f"WHEN ({earlier}) > ({later}) THEN 'order' END",
        )
    )
    outcomes = {"order": ValidationClass.INVALID, "undetermined": ValidationClass.UNDETERMINED}
    return [
        _finding(field, "order", outcomes[rule], count, row_numbers)
        for rule, count, row_numbers in _grouped(rows, decided)
    ]


def _finding(
    field: str, rule: str, outcome: ValidationClass, rows: int, row_numbers: tuple[int, ...]
) -> FieldReport:
    return FieldReport(
        field=field,
        rule=rule,
        outcome=outcome,
        rows=rows,
        row_numbers=() if outcome.passed else row_numbers,
    )


def _grouped(rows: duckdb.DuckDBPyRelation, decided: str) -> list[tuple[str, int, tuple[int, ...]]]:
    """How many rows the expression decided each way, and the first rows of each; null is no decision."""
    decisions = rows.project(f"{ROW_NUMBER}, {decided} AS rule").filter("rule IS NOT NULL")
    figures = decisions.aggregate(f"rule, count(*), min({ROW_NUMBER}, {ROW_NUMBERS_SHOWN})", "rule")
    return [(rule, count, tuple(numbers)) for rule, count, numbers in figures.fetchall()]


def _read(connection: duckdb.DuckDBPyConnection, table: pa.Table, columns: str) -> duckdb.DuckDBPyRelation:
    """The columns, computed once and held."""
    return connection.from_arrow(connection.from_arrow(table).project(columns).to_arrow_table())


def _numbered(table: pa.Table) -> pa.Table:
    if ROW_NUMBER in table.column_names:
        return table
    return table.append_column(ROW_NUMBER, pa.array(range(2, table.num_rows + 2), pa.int64()))
