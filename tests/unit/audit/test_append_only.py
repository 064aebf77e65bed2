from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit.append_only import append_only_statements
from service.audit.records import APPEND_ONLY
from service.database import Record
from tests.unit.audit.log_factories import a_log


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_what_was_entered_cannot_be_changed_or_deleted(tmp_path: Path, table: str, change: str) -> None:
    log = a_log(tmp_path)
    log.enter(3)
    log.integrate()
    with (
        log.engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=f"{table} is append-only"),
    ):
        connection.execute(sa.text(change.format(table)))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_entered_cannot_be_replaced(tmp_path: Path, table: str) -> None:
    log = a_log(tmp_path)
    log.enter(3)
    log.integrate()
    with (
        log.engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=f"{table} is append-only"),
    ):
        connection.execute(sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


def test_a_second_key_cannot_be_replaced_either(tmp_path: Path) -> None:
    log = a_log(tmp_path)
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


def test_postgresql_refuses_truncation_too() -> None:
    function, trigger = append_only_statements("postgresql", "audit_entry", APPEND_ONLY["audit_entry"])
    assert "RAISE EXCEPTION" in function
    assert "UPDATE OR DELETE OR TRUNCATE ON audit_entry" in trigger
