"""Deliveries are withdrawn whole: what came of them is destroyed, and each worker certifies it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destruction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_destruction_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_destruction_provider_id_principal")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_destruction_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
        sa.UniqueConstraint("statement_sha256", name=op.f("uq_destruction_statement_sha256")),
    )
    op.create_index(op.f("ix_destruction_project_id"), "destruction", ["project_id"])
    op.create_table(
        "destruction_share",
        sa.Column("destruction_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=63), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("settled_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["destruction_id"],
            ["destruction.id"],
            name=op.f("fk_destruction_share_destruction_id_destruction"),
        ),
        sa.PrimaryKeyConstraint("destruction_id", "role", name=op.f("pk_destruction_share")),
    )
    op.add_column("submission", sa.Column("withdrawn_at", Utc(), nullable=True))


def downgrade() -> None:
    op.drop_column("submission", "withdrawn_at")
    op.drop_table("destruction_share")
    op.drop_index(op.f("ix_destruction_project_id"), table_name="destruction")
    op.drop_table("destruction")
