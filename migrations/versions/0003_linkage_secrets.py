"""The project linkage secret by ceremony: signed statements and sealed envelopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "linkage_secret",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("secret_epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_check", sa.String(length=16), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_linkage_secret_project_id_project")
        ),
        sa.PrimaryKeyConstraint("project_id", "secret_epoch", name=op.f("pk_linkage_secret")),
    )
    op.create_table(
        "linkage_secret_envelope",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("secret_epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "secret_epoch"],
            ["linkage_secret.project_id", "linkage_secret.secret_epoch"],
            name="fk_linkage_secret_envelope_linkage_secret",
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_linkage_secret_envelope_provider_id_principal")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "secret_epoch", "provider_id", name=op.f("pk_linkage_secret_envelope")
        ),
    )


def downgrade() -> None:
    op.drop_table("linkage_secret_envelope")
    op.drop_table("linkage_secret")
