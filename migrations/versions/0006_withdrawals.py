"""Providers take persons out of a project; a linkage run may be asked for in full."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("linkage_kept", sa.Boolean(), nullable=False),
        sa.Column("analysis_kept", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_withdrawal_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_withdrawal_provider_id_principal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("statement_sha256", name=op.f("uq_withdrawal_statement_sha256")),
    )
    op.create_index(op.f("ix_withdrawal_project_id"), "withdrawal", ["project_id"])
    op.add_column(
        "linkage_run", sa.Column("in_full", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    op.drop_column("linkage_run", "in_full")
    op.drop_index(op.f("ix_withdrawal_project_id"), table_name="withdrawal")
    op.drop_table("withdrawal")
