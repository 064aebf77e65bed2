"""Ends of permits are entered once, a person decides once on a release, providers veto."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc
from service.releases.one_person import one_person_statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
KINDS = ("permit", "accreditation", "training", "grant")


def upgrade() -> None:
    op.create_table(
        "permit_warning",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="endkind", native_enum=False, create_constraint=True, length=63),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=130), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("within", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_permit_warning_project_id_project")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "kind", "subject", "valid_to", "within", name=op.f("pk_permit_warning")
        ),
    )
    op.create_table(
        "release_veto",
        sa.Column("release_id", sa.String(length=36), nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("veto", sa.Text(), nullable=False),
        sa.Column("veto_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("vetoed_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_release_veto_provider_id_principal")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_veto_release_id_release")
        ),
        sa.PrimaryKeyConstraint("release_id", "provider_id", name=op.f("pk_release_veto")),
    )
    for statement in one_person_statements(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER release_decision_one_person ON release_decision")
        op.execute("DROP FUNCTION refuse_same_person()")
    else:
        op.execute("DROP TRIGGER release_decision_one_person")
    op.drop_table("release_veto")
    op.drop_table("permit_warning")
