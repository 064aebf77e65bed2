from __future__ import annotations

import pytest
import sqlalchemy as sa

from service.audit.records import APPEND_ONLY
from service.database import Record
from tests.unit.audit.log_factories import Log

CHANGES = {
    "update": "UPDATE {table} SET {key} = {key}",
    "delete": "DELETE FROM {table}",
    "upsert": "INSERT INTO {table} SELECT * FROM {table} WHERE true"
    " ON CONFLICT ({keys}) DO UPDATE SET {key} = 7",
}


@pytest.mark.both_databases
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_entered_cannot_be_changed_or_deleted(log: Log, table: str, change: str) -> None:
    log.enter(3)
    log.integrate()
    keys = APPEND_ONLY[table][0]
    statement = CHANGES[change].format(table=table, keys=keys, key=keys.split(", ")[0])
    with (
        log.engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=f"{table} is append-only"),
    ):
        connection.execute(sa.text(statement))


@pytest.mark.outside(tool="postgresql")
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_entered_cannot_be_truncated(log: Log, table: str) -> None:
    with log.engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="is append-only"):
        connection.execute(sa.text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_entered_cannot_be_replaced(log: Log, table: str) -> None:
    log.enter(3)
    log.integrate()
    with (
        log.engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=f"{table} is append-only"),
    ):
        connection.execute(sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


def test_a_second_key_cannot_be_replaced_either(log: Log) -> None:
    log.enter()
    columns = "entry_id, at, action, actor, subject, project, outcome, detail, salt"
    with log.engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="append-only"):
        connection.execute(
            sa.text(f"INSERT OR REPLACE INTO audit_entry ({columns}) SELECT {columns} FROM audit_entry")
        )


def test_every_key_of_an_append_only_table_is_named() -> None:
    for table, keys in APPEND_ONLY.items():
        made = Record.metadata.tables[table]
        unique = {", ".join(c.name for c in made.primary_key.columns)}
        unique |= {c.name for c in made.columns if c.unique}
        assert unique == set(keys)
