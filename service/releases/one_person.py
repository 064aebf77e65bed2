"""A person counts once on a release, whatever their names: a law of the database, for SQLite and PostgreSQL.

Who is behind a name is said when it is registered (`tre-operate register --person`).
"""

from __future__ import annotations

import sqlalchemy as sa

from service.audit.append_only import make_with

NEEDED = "one person decides once, and not on what they asked"
NAME = "release_decision_one_person"
_PERSON = "(SELECT coalesce(person_id, id) FROM principal WHERE id = {})"
_CHECKER, _AUTHOR = _PERSON.format("NEW.checker_id"), _PERSON.format("NEW.author_id")
_KNOWN = f"""\
EXISTS (SELECT 1 FROM release_decision made JOIN principal other ON other.id = made.checker_id
  WHERE made.release_id = NEW.release_id AND coalesce(other.person_id, other.id) = {_CHECKER})"""  # noqa: S608  # our own names only
_WRONG = f"{_CHECKER} = {_AUTHOR} OR {_KNOWN}"
_ON_SQLITE = f"""\
CREATE TRIGGER {NAME} BEFORE INSERT ON release_decision WHEN {_WRONG}
BEGIN SELECT RAISE(ABORT, '{NEEDED}'); END"""
_FUNCTION = f"""\
CREATE OR REPLACE FUNCTION refuse_same_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS
$$ BEGIN
  IF {_WRONG} THEN
    RAISE EXCEPTION '{NEEDED}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$"""
_ON_POSTGRESQL = f"""\
CREATE TRIGGER {NAME} BEFORE INSERT ON release_decision
FOR EACH ROW EXECUTE FUNCTION refuse_same_person()"""


def one_person_statements(dialect: str) -> tuple[str, ...]:
    """What makes the law hold in the database of that dialect: for migrations too."""
    return (_ON_SQLITE,) if dialect == "sqlite" else (_FUNCTION, _ON_POSTGRESQL)


def keep_one_person(decisions: sa.Table) -> None:
    """Have the trigger made whenever the table of decisions is made."""
    make_with(decisions, one_person_statements)
