"""Rows of a part against its data set: findings in the vocabulary of reports, then typed columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet, DateOrder, Field, FieldType
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.reports import ROW_NUMBERS_SHOWN, FieldReport, ValidationClass, ValidationReport
from linkage_engine.validate.findings import ROW_NUMBER, finding, grouped, numbered, read, report_of
from linkage_engine.validate.sql import comparable, faults, identifier, literal, readings, value_of

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
    into one class for each field, decided by the first rule that fails; `unique`, `duplicate`, `same_event`
    and `order` come on top.
    """
    check_columns(table, schema)
    rows = read(connection, numbered(table), f"{readings(schema)}, {ROW_NUMBER}")
    findings = [f for field in schema.fields for f in _field(rows, field)]
    findings += _unique(rows, schema)
    findings += _duplicate(rows, schema)
    findings += _same_event(rows, schema)
    for order in schema.order:
        findings += _order(rows, schema, order, extract_date)
    return report_of(schema, table.num_rows, findings)


def typed(connection: duckdb.DuckDBPyConnection, table: pa.Table, schema: DataSet) -> pa.Table:
    """The rows with typed columns: date32, int32, int16 (years) and text; blank is null.

    For a table that passed `check`; a value that has no place in its type is `ExtractRejected(ROWS_INVALID)`.
    """
    check_columns(table, schema)
    rows = read(connection, table, readings(schema))
    parsed = [f for f in schema.fields if f.type is not FieldType.STRING]
    lost = " OR ".join(f"({identifier(f.name)} IS NOT NULL AND {value_of(f)} IS NULL)" for f in parsed)
    unreadable = rows.filter(lost).aggregate("count(*)").fetchall()[0][0]
    if unreadable:
        raise ExtractRejected(RefusalCode.ROWS_INVALID, rows=table.num_rows, failures=unreadable)
    columns = ", ".join(f"{value_of(f)} AS {identifier(f.name)}" for f in schema.fields)
    arrow_types = pa.schema([(f.name, _ARROW_TYPES[f.type]) for f in schema.fields])
    return rows.project(columns).to_arrow_table().cast(arrow_types)


def as_text(table: pa.Table) -> pa.Table:
    """Typed rows as the text that they were read from."""
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


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
    for rule, count, row_numbers in grouped(rows, decided):
        if rule == "valid":
            findings.append(finding(field.name, last, ValidationClass.VALID, count))
        else:
            outcome = blank if rule == "required" else ValidationClass.INVALID
            findings.append(finding(field.name, rule, outcome, count, row_numbers))
    return findings


def _unique(rows: duckdb.DuckDBPyRelation, schema: DataSet) -> list[FieldReport]:
    """Rows whose whole primary key another row has too, under the last field of the key."""
    rows = rows.filter(" AND ".join(f"{identifier(name)} IS NOT NULL" for name in schema.primary_key))
    return _repeated(rows, schema.primary_key, (schema.primary_key[-1], "unique", ValidationClass.INVALID))


def _duplicate(rows: duckdb.DuckDBPyRelation, schema: DataSet) -> list[FieldReport]:
    """Rows that say of a person what another row says, under another number of their own.

    Two such events may have happened, or one was entered twice: undetermined.
    """
    if schema.row_id is None:
        return []
    said = [name for name in schema.columns if name != schema.row_id]
    rows = rows.filter(f"{identifier(PERSON_KEY)} IS NOT NULL AND {identifier(schema.row_id)} IS NOT NULL")
    return _repeated(rows, said, (schema.row_id, "duplicate", ValidationClass.UNDETERMINED))


def _same_event(rows: duckdb.DuckDBPyRelation, schema: DataSet) -> list[FieldReport]:
    """Rows that tell an event that another row tells: resubmissions put together, which would count twice."""
    if schema.same_event is None:
        return []
    by, fields = schema.same_event.by, schema.same_event.fields
    found: list[FieldReport] = []
    for kind, names in fields.items():
        of_kind = rows.filter(f"{identifier(by)} = {literal(kind)} AND {identifier(PERSON_KEY)} IS NOT NULL")
        found += _repeated(of_kind, names, (by, "same_event", ValidationClass.INVALID))
    return _added_up(found)


def _added_up(found: list[FieldReport]) -> list[FieldReport]:
    """Findings of one rule as one."""
    if not found:
        return []
    numbers = sorted(number for each in found for number in each.row_numbers)[:ROW_NUMBERS_SHOWN]
    rows = sum(each.rows for each in found)
    return [found[0].model_copy(update={"rows": rows, "row_numbers": tuple(numbers)})]


def _repeated(
    rows: duckdb.DuckDBPyRelation, columns: Sequence[str], found: tuple[str, str, ValidationClass]
) -> list[FieldReport]:
    """Rows that have these columns in common with another row; a null is equal to a null."""
    key = ", ".join(map(identifier, columns))
    # Grouping is several times as fast as the window that finds the rows, and mostly finds nothing.
    if not rows.aggregate(f"{key}, count(*) AS copies", key).filter("copies > 1").limit(1).fetchall():
        return []
    field, rule, outcome = found
    decided = f"CASE WHEN count(*) OVER (PARTITION BY {key}) > 1 THEN '{rule}' END"
    return [finding(field, rule, outcome, count, numbers) for _, count, numbers in grouped(rows, decided)]


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
        finding(field, "order", outcomes[rule], count, row_numbers)
        for rule, count, row_numbers in grouped(rows, decided)
    ]
