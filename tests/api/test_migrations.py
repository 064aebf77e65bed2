"""The schema that migrations make is that of the records, and the database keeps its own laws."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
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


def schema(path: Path) -> dict[str, list[str]]:
    """Every table, index and trigger of ours as the words of its statement; their order is left aside."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    found = {name: sorted(re.findall(r"[^\s,()]+", sql)) for name, of, sql in rows if of in METADATA.tables}
    connection.close()
    return found


def test_migrations_make_what_the_records_say_to_the_letter(shared: Prepared, tmp_path: Path) -> None:
    made = tmp_path / "made.db"
    engine = engine_for(f"sqlite:///{made}")
    METADATA.create_all(engine)
    engine.dispose()
    migrated, records = schema(shared.database("empty")), schema(made)
    assert migrated == records


def test_alembic_finds_nothing_to_migrate(shared: Prepared) -> None:
    engine = engine_for(f"sqlite:///{shared.database('empty')}")
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_migrating_again_changes_nothing_and_back_leaves_no_table(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    url = f"sqlite:///{path}"
    migrations.upgrade(url)
    before = schema(path)
    migrations.upgrade(url)
    assert schema(path) == before
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    migrations.downgrade(url)
    assert schema(path) == {}


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
