"""A project keeps every permit that it had; a principal may be said to be a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("principal", sa.Column("person_id", sa.String(length=63), nullable=True))
    op.create_table(
        "permit_version",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("permit", sa.Text(), nullable=False),
        sa.Column("permit_sha256", sa.String(length=64), nullable=False),
        sa.Column("brought_by", sa.String(length=63), nullable=True),
        sa.Column("brought_by_person", sa.String(length=63), nullable=True),
        sa.Column("signed_by_person", sa.String(length=63), nullable=True),
        sa.Column("brought_at", Utc(), nullable=False),
        sa.CheckConstraint(
            "brought_by_person <> signed_by_person", name=op.f("ck_permit_version_second_person")
        ),
        sa.ForeignKeyConstraint(
            ["brought_by"], ["principal.id"], name=op.f("fk_permit_version_brought_by_principal")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_permit_version_project_id_project")
        ),
        sa.PrimaryKeyConstraint("project_id", "sequence", name=op.f("pk_permit_version")),
        sa.UniqueConstraint("permit_sha256", name=op.f("uq_permit_version_permit_sha256")),
    )
    # The permits of old projects are their first ones.
    op.execute(
        "INSERT INTO permit_version (project_id, sequence, permit, permit_sha256, brought_at)"
        " SELECT id, 1, permit, permit_sha256, opened_at FROM project"
    )


def downgrade() -> None:
    op.drop_table("permit_version")
    op.drop_column("principal", "person_id")
