"""What a control database is made of, in words that can be compared, and a row for each of its tables."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from migrations.tables import METADATA
from service.database import Utc, engine_for
from tests.databases import SQLITE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROWS = (1, 2)
OTHER_ROW = frozenset({("release_decision", "checker_id")})
"""Columns that refer to the other row of a table: a law of the database wants somebody else there."""
ON_SQLITE = "SELECT tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
ON_POSTGRESQL = """
SELECT c.relname, a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                 pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes
UNION ALL
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""


def schema(url: str) -> dict[str, list[str]]:
    """Every column, key, check, index and trigger of our tables as the words of its definition.

    The order of words is left aside: SQLite keeps statements as they were written.
    """
    engine = engine_for(url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(ON_SQLITE if engine.dialect.name == SQLITE else ON_POSTGRESQL)
        found = {
            f"{table}.{name}": sorted(re.findall(r"[^\s,()]+", definition))
            for table, name, definition in rows
            if table in METADATA.tables
        }
    engine.dispose()
    return found


def insert_rows(url: str) -> None:
    """Put two rows into every table of ours."""
    engine = engine_for(url)
    made: dict[tuple[str, int], dict[str, Any]] = {}
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            for number in ROWS:
                made[table.name, number] = _row(table, number, made)
                connection.execute(sa.insert(table), made[table.name, number])
    engine.dispose()


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tables that are there, as the database has it now."""
    engine = engine_for(url)
    there = sa.MetaData()
    there.reflect(engine, only=lambda name, _: name in METADATA.tables)
    with engine.connect() as connection:
        found = {
            table.name: [
                dict(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in there.sorted_tables
        }
    engine.dispose()
    return found


def _row(table: sa.Table, number: int, made: dict[tuple[str, int], dict[str, Any]]) -> dict[str, Any]:
    row = {column.name: _value(column, number) for column in table.columns}
    # A column may be in several keys; the widest names the row that all of them mean.
    for constraint in sorted(table.foreign_key_constraints, key=lambda one: len(one.elements)):
        for element in constraint.elements:
            column = element.parent.name
            which = 3 - number if (table.name, column) in OTHER_ROW else number
            referred = element.column
            if referred.table is not table:
                row[column] = made[referred.table.name, which][referred.name]
    return row


def _value(column: sa.Column[Any], number: int) -> object:
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0] if kind.enum_class is None else next(iter(kind.enum_class))
    for of, value in VALUES.items():
        if isinstance(kind, of):
            return value(column, number)
    raise NotImplementedError(f"no value for {column} of {kind!r}")


VALUES: dict[type[Any], Any] = {
    Utc: lambda _, number: NOON.replace(second=number),
    sa.Boolean: lambda *_: True,
    sa.Integer: lambda _, number: number,
    sa.Date: lambda _, number: date(2026, 3, number),
    sa.LargeBinary: lambda column, number: bytes([number]) * (column.type.length or 8),
    sa.JSON: lambda _, number: {"number": number},
    sa.String: lambda column, number: f"{number}-{column.name}"[: column.type.length],
}
"""A value for each type of column, by the number of its row; the first that fits."""
