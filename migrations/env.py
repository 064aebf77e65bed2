"""Alembic's way in: one connection, one transaction."""

from __future__ import annotations

from alembic import context

from migrations.tables import METADATA
from service.database import engine_for


def run() -> None:
    """Run the migrations that were asked for."""
    engine = engine_for(context.config.attributes["database_url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            # The job queue keeps its own tables in the same database.
            include_name=lambda name, kind, _: kind != "table" or name in METADATA.tables,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
