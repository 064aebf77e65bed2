"""How many persons and rows a provider left out of a delivery, by reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("left_out", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("submission", "left_out")
