"""The law of two people as triggers, for SQLite and PostgreSQL: no program of ours has to be right for it.

A release begins as awaiting; it is approved, and then signed, only while two people's approvals and no
refusal are there. Decisions are only added.
"""

from __future__ import annotations

import sqlalchemy as sa

from linkage_engine.contract.statements import APPROVALS_NEEDED, Verdict
from service.audit.append_only import append_only_statements, make_with
from service.releases.rules import ReleaseState

NEEDED = "two people approve a release before it is signed"
DECISIONS, DECISION_KEY = "release_decision", "release_id, checker_id"
_BEGUN = f"NEW.state <> '{ReleaseState.AWAITING}'"
_LET_GO = f"NEW.state IN ('{ReleaseState.APPROVED}', '{ReleaseState.SIGNED}')"
_SIGNED_BEFORE = f"NEW.state = '{ReleaseState.SIGNED}' AND OLD.state <> '{ReleaseState.APPROVED}'"
_MADE = "(SELECT count(*) FROM release_decision WHERE release_id = NEW.id AND verdict = '{}')"
_LACKING = (
    f"{_MADE.format(Verdict.APPROVE)} < {APPROVALS_NEEDED} OR {_MADE.format(Verdict.REFUSE)} > 0"
    f" OR ({_SIGNED_BEFORE})"
)
_BEGINS = "CREATE TRIGGER release_begins_awaiting BEFORE INSERT ON release"
_ENDS = "CREATE TRIGGER release_two_people BEFORE UPDATE ON release"
_LEAVES = f"{_LET_GO} AND NEW.state <> OLD.state"
_REFUSAL = f"BEGIN SELECT RAISE(ABORT, '{NEEDED}'); END"
_ON_SQLITE = (
    f"{_BEGINS} WHEN {_BEGUN} {_REFUSAL}",
    f"{_ENDS} WHEN {_LEAVES} AND ({_LACKING}) {_REFUSAL}",
)
_FUNCTION = f"""\
CREATE OR REPLACE FUNCTION refuse_release() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS
$$ BEGIN
  IF TG_OP = 'INSERT' OR {_LACKING} THEN
    RAISE EXCEPTION '{NEEDED}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$"""
_ON_POSTGRESQL = (
    _FUNCTION,
    f"{_BEGINS} FOR EACH ROW WHEN ({_BEGUN}) EXECUTE FUNCTION refuse_release()",
    f"{_ENDS} FOR EACH ROW WHEN ({_LEAVES}) EXECUTE FUNCTION refuse_release()",
)


def second_person_statements(dialect: str) -> list[str]:
    """What makes the law hold in the database of that dialect: for migrations too."""
    return [
        *append_only_statements(dialect, DECISIONS, [DECISION_KEY]),
        *(_ON_SQLITE if dialect == "sqlite" else _ON_POSTGRESQL),
    ]


def keep_second_person(decisions: sa.Table) -> None:
    """Have the triggers made whenever the table of decisions is made; that of releases is there by then."""
    make_with(decisions, second_person_statements)
