"""The control database: column types, the base of its tables, engines and sessions.

One request or one job step is one transaction. Every writing transaction takes the write
lock when it begins, SQLite's own or an advisory one on PostgreSQL: what an act has read
stays true until it commits, on both. Who only reads waits for nobody and sees one moment.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, NewType

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

ReadSession = NewType("ReadSession", Session)
"""A session that is never committed: functions that only read take it."""

WAIT_SECONDS = 30.0
"""How long a transaction waits for another's write lock, unless the settings say otherwise."""
ONE_WRITER = 7_628_645
"""The advisory lock of PostgreSQL that writing transactions take in turn."""
SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READ_ONLY, SQLITE_IO, SQLITE_FULL, SQLITE_CANNOT_OPEN = 5, 6, 8, 10, 13, 14
PRIMARY_CODE = 0xFF
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


class DatabaseFault(enum.StrEnum):
    """Why the control database could not do what it was asked."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read-only"
    UNREACHABLE = "unreachable"


_OF_SQLITE = {
    SQLITE_BUSY: DatabaseFault.BUSY,
    SQLITE_LOCKED: DatabaseFault.BUSY,
    SQLITE_FULL: DatabaseFault.FULL,
    SQLITE_READ_ONLY: DatabaseFault.READ_ONLY,
    SQLITE_IO: DatabaseFault.UNREACHABLE,
    SQLITE_CANNOT_OPEN: DatabaseFault.UNREACHABLE,
}
# PostgreSQL, appendix A: lock not available, serialization failure, deadlock, query cancelled;
# disk full; read-only transaction; the server shuts down or starts, or has no connection left.
_OF_POSTGRESQL = {
    **dict.fromkeys(("55P03", "40001", "40P01", "57014"), DatabaseFault.BUSY),
    "53100": DatabaseFault.FULL,
    "25006": DatabaseFault.READ_ONLY,
    **dict.fromkeys(("57P01", "57P02", "57P03", "53300"), DatabaseFault.UNREACHABLE),
}
CONNECTION_EXCEPTION = "08"


def fault_of(error: DBAPIError) -> DatabaseFault | None:
    """The named fault behind a driver's error, by its code alone; nothing for any other."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _OF_SQLITE.get(code & PRIMARY_CODE)
    # psycopg's errors have no state where the server was not even reached.
    state = getattr(error.orig, "sqlstate", "")
    lost = state is None and isinstance(error, OperationalError)
    if lost or error.connection_invalidated or str(state).startswith(CONNECTION_EXCEPTION):
        return DatabaseFault.UNREACHABLE
    return _OF_POSTGRESQL.get(str(state))


def engine_for(url: str, *, wait_seconds: float = WAIT_SECONDS, outlives_power: bool = True) -> sa.Engine:
    """An engine for SQLite or PostgreSQL with the manners this service needs.

    A transaction that waits longer than `wait_seconds` for another's write lock fails as busy. A commit
    outlives a loss of power, or else the process only: SQLite then brings it to the disk with the next
    commit that must be there. PostgreSQL keeps every commit.
    """
    made = sa.make_url(url)
    if made.get_backend_name() != "sqlite":
        # The server may have been started again since a connection was last used.
        engine = sa.create_engine(made, pool_pre_ping=True)
        event.listen(engine, "begin", _begin_on_postgresql(wait_seconds))
        return engine
    engine = sa.create_engine(made, connect_args={"timeout": wait_seconds, "check_same_thread": False})
    synchronous = "FULL" if outlives_power else "NORMAL"
    event.listen(engine, "connect", lambda connection, _: _on_connect(connection, synchronous))
    event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _on_connect(connection: Any, synchronous: str) -> None:  # noqa: ANN401  # the DBAPI's own object
    # The driver must not begin transactions itself: _begin_on_sqlite does, with the lock it needs.
    connection.isolation_level = None
    # FULL: a receipt, an approval or a release that was answered survives a power cut.
    # MEMORY: nothing of a statement's rows is left in a temporary file, which the sandbox would refuse.
    for pragma in (f"synchronous={synchronous}", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _reads_only(connection: sa.Connection) -> bool:
    return bool(connection.get_execution_options().get("reads_only", False))


def _begin_on_sqlite(connection: sa.Connection) -> None:
    # A read that later wants to write would be refused at once when somebody else wrote in between.
    connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")


def _begin_on_postgresql(wait_seconds: float) -> Callable[[sa.Connection], None]:
    wait = f"SET LOCAL lock_timeout = {int(wait_seconds * 1000)}"

    def begin(connection: sa.Connection) -> None:
        if _reads_only(connection):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            connection.exec_driver_sql(f"{wait}; SELECT pg_advisory_xact_lock({ONE_WRITER})")

    return begin


def sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def reading_engine(engine: sa.Engine) -> sa.Engine:
    """The same connections; transactions take no write lock and see the database as of one moment."""
    return engine.execution_options(reads_only=True)


def read_sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """Sessions that take no write lock and see the database as of one moment."""
    return sessions(reading_engine(engine))
