"""The control database's manners, on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.database import Utc, engine_for, read_sessions, sessions

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Utc()}  # noqa: RUF012  # SQLAlchemy reads it from the class


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = engine_for(f"sqlite:///{tmp_path / 'notes.db'}")
    Base.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.mark.parametrize("moment", [NOON, NOON.astimezone(timezone(timedelta(hours=5))), None])
def test_a_moment_comes_back_aware_and_in_utc(engine: sa.Engine, moment: datetime | None) -> None:
    with sessions(engine).begin() as session:
        session.add(Note(id=1, at=moment))
    with sessions(engine)() as session:
        found = session.get(Note, 1)
        assert found is not None
        assert found.at == (moment and NOON)
        assert found.at is None or found.at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(engine: sa.Engine) -> None:
    with (
        pytest.raises(sa.exc.StatementError, match="needs its time zone"),
        sessions(engine).begin() as session,
    ):
        session.add(Note(id=1, at=datetime(2026, 3, 2)))  # noqa: DTZ001  # to see it refused


def test_on_postgresql_a_moment_keeps_its_zone() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's gap
    there = Utc().process_bind_param(NOON.astimezone(timezone(timedelta(hours=5))), dialect)
    assert there is not None
    assert there.utcoffset() == timedelta(0)
    back = Utc().process_result_value(NOON.astimezone(timezone(timedelta(hours=5))), dialect)
    assert back is not None
    assert back.utcoffset() == timedelta(0)


def test_sqlite_is_durable_and_keeps_its_foreign_keys(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        full, on = 2, 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == on


def test_an_entry_of_who_looked_waits_for_no_disk(tmp_path: Path) -> None:
    normal = 1
    with engine_for(f"sqlite:///{tmp_path / 'notes.db'}", outlives_power=False).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == normal
        connection.engine.dispose()


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


def test_who_only_reads_waits_for_nobody(engine: sa.Engine) -> None:
    with sessions(engine).begin() as session:
        session.execute(sa.select(Note))
        with read_sessions(engine)() as reading:
            assert reading.scalars(sa.select(Note)).all() == []


def test_objects_stay_readable_after_the_commit(engine: sa.Engine) -> None:
    with sessions(engine).begin() as session:
        note = Note(id=1, at=NOON)
        session.add(note)
    assert note.at == NOON


def test_postgresql_is_asked_whether_a_connection_still_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(
        sa, "create_engine", lambda url, **how: asked.update(how, name=url.get_backend_name())
    )
    engine_for("postgresql+psycopg:///control?host=/run/postgresql")
    assert asked == {"pool_pre_ping": True, "name": "postgresql"}
