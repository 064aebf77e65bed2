"""The control database: column types, the base of its tables, engines and sessions.

One request or one job step is one transaction. On SQLite every writing transaction takes
the write lock when it begins: a read that later wants to write would otherwise be refused
at once, whatever the busy timeout, when somebody else wrote in between.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Annotated, Any, NewType

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

ReadSession = NewType("ReadSession", Session)
"""A session that is never committed: functions that only read take it."""

BUSY_SECONDS = 30
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment: aware and in UTC on both sides; a naive datetime is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC; SQLite keeps no zone, so it is dropped there after conversion."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment needs its time zone"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # SQLAlchemy passes it
    ) -> datetime | None:
        """From the database: aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[str, mapped_column(sa.String(36), primary_key=True)]
SlugText = Annotated[str, mapped_column(sa.String(63))]
Digest = Annotated[str, mapped_column(sa.String(64))]


class Record(DeclarativeBase):
    """The base of every table of the control database; none of them ever holds a record of a patient."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        datetime: Utc(),
        dict[str, Any]: sa.JSON(),
        enum.StrEnum: sa.Enum(
            enum.StrEnum,
            native_enum=False,
            create_constraint=True,
            length=63,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        ),
    }


def engine_for(url: str, *, outlives_power: bool = True) -> sa.Engine:
    """An engine for SQLite or PostgreSQL with the manners this service needs.

    A commit outlives a loss of power, or else the process only: SQLite then brings it to the disk with the
    next commit that must be there. PostgreSQL keeps every commit.
    """
    made = sa.make_url(url)
    if made.get_backend_name() != "sqlite":
        return sa.create_engine(made, pool_pre_ping=True)
    engine = sa.create_engine(made, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    synchronous = "FULL" if outlives_power else "NORMAL"
    event.listen(engine, "connect", lambda connection, _: _on_connect(connection, synchronous))
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, synchronous: str) -> None:  # noqa: ANN401  # the DBAPI's own object
    # The driver must not begin transactions itself: _on_begin does, with the lock it needs.
    connection.isolation_level = None
    # FULL: a receipt, an approval or a release that was answered survives a power cut.
    for pragma in (f"synchronous={synchronous}", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def read_sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """Sessions that take no write lock."""
    return sessionmaker(engine.execution_options(reads_only=True), expire_on_commit=False)
