"""Providers tighten what a project may tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_tightening",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("tightening_sha256", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("policy", sa.String(length=63), nullable=False),
        sa.Column("least_persons", sa.Integer(), nullable=True),
        sa.Column("tightening", sa.Text(), nullable=False),
        sa.Column("tightened_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_policy_tightening_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_policy_tightening_provider_id_principal")
        ),
        sa.PrimaryKeyConstraint("project_id", "tightening_sha256", name=op.f("pk_policy_tightening")),
    )


def downgrade() -> None:
    op.drop_table("policy_tightening")
