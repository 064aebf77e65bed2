"""A release is approved and signed only with two people's approvals; decisions are only added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.releases.second_person import second_person_statements

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MADE = {
    "sqlite": (
        "release_decision_no_update",
        "release_decision_no_delete",
        "release_decision_no_replace",
        "release_begins_awaiting",
        "release_two_people",
    ),
    "postgresql": (
        "release_decision_append_only ON release_decision",
        "release_begins_awaiting ON release",
        "release_two_people ON release",
    ),
}


def upgrade() -> None:
    for statement in second_person_statements(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    for name in MADE[op.get_bind().dialect.name]:
        op.execute(f"DROP TRIGGER {name}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_release()")
