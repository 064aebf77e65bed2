"""The schema that migrations make is that of the records, and the database keeps its own laws."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DatabaseError

import migrations
from linkage_engine.contract.permit import Role
from migrations.tables import METADATA, RECORDS
from service.access.actions import register_principal, revoke_principal
from service.database import engine_for
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from tests.at_work import AtWork, Prepared
from tests.factories import OUTSIDERS, a_person
from tests.schema import ROWS, insert_rows, rows, schema

pytestmark = pytest.mark.both_databases
OURS = {"include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables}
REVISIONS = [one.revision for one in ScriptDirectory(str(Path(migrations.__file__).parent)).walk_revisions()]
"""Every migration there is, the newest first."""
EMPTIED = {"linkage_run": {"figures", "records"}}
"""What a migration takes away on purpose: exact figures of linkages (0002)."""

FILLED = {"permit_version"}
"""What a migration fills from what was there before: permits of projects (0007)."""


def differences(url: str) -> list[object]:
    engine = engine_for(url)
    with engine.connect() as connection:
        found: list[object] = compare_metadata(
            MigrationContext.configure(connection, opts=dict(OURS)), METADATA
        )
    engine.dispose()
    return found


def test_migrations_make_what_the_records_say_to_the_letter(shared: Prepared, empty_database: str) -> None:
    engine = engine_for(empty_database)
    METADATA.create_all(engine)
    engine.dispose()
    assert schema(shared.urls["empty"]) == schema(empty_database)


def test_alembic_finds_nothing_to_migrate(shared: Prepared) -> None:
    assert differences(shared.urls["empty"]) == []


def test_migrating_again_changes_nothing_and_back_leaves_no_table(empty_database: str) -> None:
    migrations.upgrade(empty_database)
    before = schema(empty_database)
    migrations.upgrade(empty_database)
    assert schema(empty_database) == before
    migrations.downgrade(empty_database)
    assert schema(empty_database) == {}


def test_every_migration_goes_back_and_forth_over_rows_of_every_table(
    shared: Prepared, copied: Callable[[str], str]
) -> None:
    url = copied(shared.urls["empty"])
    insert_rows(url)
    at_first, made = rows(url), schema(url)
    assert at_first.keys() == METADATA.tables.keys()
    assert {len(found) for found in at_first.values()} == {len(ROWS)}
    for earlier in REVISIONS[1:]:
        migrations.downgrade(url, earlier)
        _untouched(at_first, rows(url))
    kept = rows(url)
    for later in reversed(REVISIONS):
        migrations.upgrade(url, later)
        _untouched(kept, rows(url))
    assert schema(url) == made
    assert differences(url) == []
    migrations.downgrade(url)
    assert rows(url) == {}
    migrations.upgrade(url)
    assert schema(url) == made


def _untouched(before: dict[str, list[dict[str, Any]]], now: dict[str, list[dict[str, Any]]]) -> None:
    """What is still there is what was there, in the columns that are still there."""
    for table, found in now.items():
        if table not in before:
            assert found == [] or table in FILLED
            continue
        assert len(found) == len(before[table]), table
        for row, was in zip(found, before[table], strict=True):
            both = (row.keys() & was.keys()) - EMPTIED.get(table, set())
            assert {name: row[name] for name in both} == {name: was[name] for name in both}, table


def test_a_new_sqlite_database_is_set_to_write_ahead_logging_for_good(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    migrations.upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_every_feature_with_records_is_migrated() -> None:
    folder = Path(migrations.__file__).parents[1] / "service"
    # reviews search the log's own tables and have none themselves
    with_tables = {path.parent.name for path in folder.glob("*/records.py")} - {"reviews"}
    assert {module.__name__.split(".")[1] for module in RECORDS} == with_tables


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "UPDATE submission SET state = 'blessed'",
        "UPDATE principal SET role = 'emperor'",
        "UPDATE release SET author_id = 'nobody'",
        "UPDATE submission_part SET submission_id = 'no-such'",
    ],
)
def test_the_database_refuses_what_no_program_of_ours_does(awaiting: AtWork, statement: str) -> None:
    with awaiting.here.sessions() as session, pytest.raises(DatabaseError):
        session.execute(sa.text(statement))


def test_a_principal_is_registered_once_by_name_and_by_key(service: AtWork) -> None:
    rosalind = service.people["rosalind"]
    again = a_person("rosalind", Role.PROVIDER)
    same_key = a_person("rosalind-too", Role.OUTPUT_CHECKER, key=rosalind.key)
    for person in (again, same_key):
        with pytest.raises(AlreadyRegistered), service.worker("operator") as act:
            register_principal(act, person.party)
    registered = [entry for entry in service.entries() if entry.action.value == "principal:register"]
    assert len(registered) == len(service.people)
    assert set(OUTSIDERS) < {entry.subject for entry in registered}


def test_a_principal_is_revoked_once(service: AtWork) -> None:
    for _ in range(2):
        with service.worker("operator") as act:
            assert not revoke_principal(act, "rosalind").active
    assert [entry.action.value for entry in service.entries()].count("key:revoke") == 1
    with pytest.raises(NotFound), service.worker("operator") as act:
        revoke_principal(act, "nobody-known")
