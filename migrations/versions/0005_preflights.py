"""A question may be asked for its answer or for a pre-flight, which has figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was asked before was asked for its answer.
    op.add_column(
        "query", sa.Column("kind", sa.String(length=63), nullable=False, server_default=sa.text("'query'"))
    )
    op.add_column("query", sa.Column("figures", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    # The jobs of pre-flights are not known to what ran before, nor is their state.
    op.execute("DELETE FROM query WHERE kind = 'preflight'")
    op.drop_column("query", "figures")
    op.drop_column("query", "kind")
