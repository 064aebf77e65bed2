"""The tables of the control database, and how they came to be (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from service.database import engine_for
from service.jobs import migrate_jobs


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring a control database up to a revision, and the job queue's tables in it up to date.

    A new SQLite database is set to write-ahead logging, for good: readers do not wait for
    writers. Doing it again changes nothing.
    """
    engine = engine_for(database_url)
    if engine.dialect.name == "sqlite":
        # Past SQLAlchemy, which would begin a transaction: the mode cannot be changed in one.
        connection = engine.raw_connection()
        connection.cursor().execute("PRAGMA journal_mode=WAL")
        connection.close()
    engine.dispose()
    command.upgrade(_config(database_url), revision)
    migrate_jobs(database_url)


def is_current(connection: Connection) -> bool:
    """Whether a control database is of the newest revision."""
    head = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def downgrade(database_url: str, revision: str = "base") -> None:
    """Take a control database back to a revision; the job queue's own tables stay."""
    command.downgrade(_config(database_url), revision)
