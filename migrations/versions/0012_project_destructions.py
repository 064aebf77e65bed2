"""A project that is closed is destroyed, and each worker certifies it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_destruction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("permit_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_destruction_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_destruction")),
    )
    op.create_index(op.f("ix_project_destruction_project_id"), "project_destruction", ["project_id"])
    op.create_table(
        "project_destruction_share",
        sa.Column("destruction_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=63), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("settled_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["destruction_id"],
            ["project_destruction.id"],
            name=op.f("fk_project_destruction_share_destruction_id_project_destruction"),
        ),
        sa.PrimaryKeyConstraint("destruction_id", "role", name=op.f("pk_project_destruction_share")),
    )


def downgrade() -> None:
    op.drop_table("project_destruction_share")
    op.drop_index(op.f("ix_project_destruction_project_id"), table_name="project_destruction")
    op.drop_table("project_destruction")
