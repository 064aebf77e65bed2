"""Triggers that refuse to change or delete what was entered, for SQLite and PostgreSQL.

They stop our own mistakes and whoever comes through the service's database account. An
owner of the database can drop them; that is what the tree and its checkpoints are for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy import event

POSTGRESQL_FUNCTION = """\
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$"""
"""What the triggers of PostgreSQL call; the fault is one of integrity, as it is on SQLite."""


def sqlite_triggers(table: str, keys: Sequence[str]) -> list[str]:
    """The statements that keep a table of SQLite append-only.

    `keys` are its unique keys. INSERT OR REPLACE deletes without firing a delete trigger,
    so a row whose key is already there is refused before it comes in.
    """
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    known = " OR ".join(f"({key}) = ({', '.join('NEW.' + c for c in key.split(', '))})" for key in keys)
    replaced = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {known})"  # noqa: S608  # our own names only
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refusal}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refusal}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {replaced} {refusal}",
    ]


def postgresql_triggers(table: str) -> list[str]:
    """The statements that keep a table of PostgreSQL append-only; truncation is refused too."""
    acts = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    trigger = f"CREATE TRIGGER {table}_append_only {acts} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    return [POSTGRESQL_FUNCTION, trigger]


def append_only_statements(dialect: str, table: str, keys: Sequence[str]) -> list[str]:
    """What makes a table append-only in the database of that dialect: for migrations too."""
    return sqlite_triggers(table, keys) if dialect == "sqlite" else postgresql_triggers(table)


def keep_append_only(table: sa.Table, keys: Sequence[str]) -> None:
    """Have the triggers made whenever the table is made."""
    make_with(table, lambda dialect: append_only_statements(dialect, table.name, keys))


def make_with(table: sa.Table, statements: Callable[[str], Sequence[str]]) -> None:
    """Run the statements that a dialect needs whenever the table is made."""

    def make(_: sa.Table, connection: sa.Connection, **__: object) -> None:
        for statement in statements(connection.dialect.name):
            connection.execute(sa.text(statement))

    event.listen(table, "after_create", make)
