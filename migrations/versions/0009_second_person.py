"""A release is approved and signed only with two people's approvals; decisions are only added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.releases.second_person import second_person_statements

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UNDO = {
    "sqlite": (
        "DROP TRIGGER release_decision_no_update",
        "DROP TRIGGER release_decision_no_delete",
        "DROP TRIGGER release_decision_no_replace",
        "DROP TRIGGER release_begins_awaiting",
        "DROP TRIGGER release_two_people",
    ),
    "postgresql": (
        "DROP TRIGGER release_decision_append_only ON release_decision",
        "DROP TRIGGER release_begins_awaiting ON release",
        "DROP TRIGGER release_two_people ON release",
        "DROP FUNCTION refuse_release()",
    ),
}


def upgrade() -> None:
    for statement in second_person_statements(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    for statement in UNDO[op.get_bind().dialect.name]:
        op.execute(statement)
