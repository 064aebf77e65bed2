"""The log is searched by outcome too; figures of linkages from before they were controlled are gone."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_entry_outcome", "audit_entry", ["outcome"])
    # They were exact, and whether somebody is linked is a fact about a person.
    op.execute("UPDATE linkage_run SET figures = NULL, records = NULL")


def downgrade() -> None:
    op.drop_index("ix_audit_entry_outcome", "audit_entry")
