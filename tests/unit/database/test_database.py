"""The control database's manners, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.database import DatabaseFault, Utc, engine_for, fault_of, read_sessions, sessions
from tests.databases import Server, file_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Utc()}  # noqa: RUF012  # SQLAlchemy reads it from the class


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    made = engine_for(empty_database)
    if made.dialect.name == "sqlite":  # as migrations set it
        with closing(sqlite3.connect(file_of(empty_database))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    Base.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.mark.both_databases
@pytest.mark.parametrize("moment", [NOON, NOON.astimezone(timezone(timedelta(hours=5))), None])
def test_a_moment_comes_back_aware_and_in_utc(engine: sa.Engine, moment: datetime | None) -> None:
    with sessions(engine).begin() as session:
        session.add(Note(id=1, at=moment))
    with sessions(engine)() as session:
        found = session.get(Note, 1)
        assert found is not None
        assert found.at == (moment and NOON)
        assert found.at is None or found.at.tzinfo is UTC


@pytest.mark.both_databases
def test_a_moment_without_a_zone_is_refused(engine: sa.Engine) -> None:
    with (
        pytest.raises(sa.exc.StatementError, match="needs its time zone"),
        sessions(engine).begin() as session,
    ):
        session.add(Note(id=1, at=datetime(2026, 3, 2)))  # noqa: DTZ001  # to see it refused


def test_sqlite_is_durable_and_keeps_its_foreign_keys(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        full, on = 2, 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == on


def test_an_entry_of_who_looked_waits_for_no_disk(tmp_path: Path) -> None:
    normal = 1
    made = engine_for(f"sqlite:///{tmp_path / 'notes.db'}", outlives_power=False)
    with made.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == normal
    made.dispose()


@pytest.mark.both_databases
def test_a_transaction_that_writes_holds_the_lock_from_its_beginning(engine: sa.Engine) -> None:
    """So that who read first is not refused afterwards, however long it took to decide."""
    order: list[str] = []

    def second() -> None:
        with sessions(engine).begin() as session:
            session.execute(sa.select(Note))
            order.append("second")

    thread = threading.Thread(target=second)
    with sessions(engine).begin() as session:
        session.execute(sa.select(Note))
        thread.start()
        thread.join(0.2)
        order.append("first")
        session.add(Note(id=1, at=None))
    thread.join(10)
    assert order == ["first", "second"]


@pytest.mark.both_databases
def test_who_only_reads_waits_for_nobody(engine: sa.Engine) -> None:
    with sessions(engine).begin() as session:
        session.execute(sa.select(Note))
        with read_sessions(engine)() as reading:
            assert reading.scalars(sa.select(Note)).all() == []


@pytest.mark.both_databases
def test_objects_stay_readable_after_the_commit(engine: sa.Engine) -> None:
    with sessions(engine).begin() as session:
        note = Note(id=1, at=NOON)
        session.add(note)
    assert note.at == NOON


@pytest.mark.both_databases
def test_who_reads_sees_one_moment_whatever_is_written_meanwhile(engine: sa.Engine) -> None:
    with read_sessions(engine)() as reading:
        assert reading.scalars(sa.select(Note)).all() == []
        with sessions(engine).begin() as session:
            session.add(Note(id=1, at=NOON))
        assert reading.scalars(sa.select(Note)).all() == []


@pytest.mark.both_databases
def test_who_waits_too_long_for_the_write_lock_is_told_that_it_is_busy(
    engine: sa.Engine, empty_database: str
) -> None:
    impatient = engine_for(empty_database, wait_seconds=0.2)
    with sessions(engine).begin() as session:
        session.execute(sa.select(Note))
        with pytest.raises(OperationalError) as raised, sessions(impatient).begin() as other:
            other.execute(sa.select(Note))
    assert fault_of(raised.value) is DatabaseFault.BUSY
    with sessions(impatient).begin() as other:
        other.add(Note(id=1, at=NOON))
    impatient.dispose()


@pytest.mark.outside(tool="postgresql")
def test_a_reading_session_of_postgresql_cannot_write(postgresql: Server) -> None:
    url = postgresql.fresh()
    engine = engine_for(url)
    Base.metadata.create_all(engine)
    with pytest.raises(InternalError) as raised, read_sessions(engine).begin() as session:
        session.add(Note(id=1, at=NOON))
    assert fault_of(raised.value) is DatabaseFault.READ_ONLY
    engine.dispose()
    postgresql.drop(url)


@pytest.mark.outside(tool="postgresql")
def test_a_connection_that_the_server_cut_is_made_again(postgresql: Server) -> None:
    url = postgresql.fresh()
    engine = engine_for(url)
    with engine.connect() as connection:
        connection.execute(sa.select(1))
    name = sa.make_url(url).database
    postgresql.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    with engine.connect() as connection:
        assert connection.execute(sa.select(1)).scalar() == 1
    engine.dispose()
    postgresql.drop(url)
