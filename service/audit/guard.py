"""No commit without an audit entry: a law of the session, not a habit of its users.

Listeners note what a transaction changes and which entries it adds, for each savepoint
on its own; a commit that changes audited tables and adds no entry is refused. Tables
whose class says `__unaudited__ = True` are exempt: the log's own, and those that say
nothing about an act. Statements that bypass the session are banned by lint.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, sessionmaker
from sqlalchemy.orm.unitofwork import UOWTransaction

from service.audit.records import AuditEntry, AuditOutbox

MARKS = "audit-marks"
ENTERING = frozenset({AuditEntry.__tablename__, AuditOutbox.__tablename__})


class UnauditedChange(Exception):
    """A transaction changed something and entered nothing; the message names the tables."""


@dataclass
class _Marks:
    """What one transaction or savepoint has done so far."""

    changed: set[str]
    entered: bool = False


def guard_sessions(sessions: sessionmaker[Session]) -> None:
    """Make every session of a factory refuse to commit a change without an audit entry."""
    event.listen(sessions, "before_flush", _note_objects)
    event.listen(sessions, "do_orm_execute", _note_statement)
    event.listen(sessions, "before_commit", _refuse_unaudited)
    event.listen(sessions, "after_commit", _hand_up)
    event.listen(sessions, "after_transaction_end", _forget)


def _note_objects(session: Session, _: UOWTransaction, __: object) -> None:
    marks = _marks(session)
    new = session.new  # a new set at every look
    marks.entered |= any(isinstance(thing, AuditEntry) for thing in new)
    added = [thing for thing in new if not isinstance(thing, AuditEntry)]
    modified = [thing for thing in session.dirty if session.is_modified(thing)]
    for thing in [*added, *modified, *session.deleted]:
        if not getattr(thing, "__unaudited__", False):
            marks.changed.add(sa.inspect(type(thing)).local_table.name)


def _note_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    mapper = state.bind_mapper
    if mapper is None or not getattr(mapper.class_, "__unaudited__", False):
        table = state.statement.table.name  # type: ignore[attr-defined]  # the three kinds above have one
        # Entries alone need no other; nor do they stand for a change that an act did not enter itself.
        if not (state.is_insert and table in ENTERING):
            _marks(state.session).changed.add(table)


def _refuse_unaudited(session: Session) -> None:
    # SQLAlchemy flushes after this event; what is still pending must be seen here.
    session.flush()
    if session.in_nested_transaction():
        return  # a savepoint: the transaction around it decides
    marks = _marks(session)
    if marks.changed and not marks.entered:
        raise UnauditedChange(", ".join(sorted(marks.changed)))


def _hand_up(session: Session) -> None:
    """What a released savepoint did, the transaction around it did."""
    savepoint = session.get_nested_transaction()
    if savepoint is None:
        return
    marks, around = _marks_of(session, savepoint), _marks_of(session, savepoint.parent)
    around.changed |= marks.changed
    around.entered |= marks.entered


def _forget(session: Session, transaction: SessionTransaction) -> None:
    session.info.get(MARKS, {}).pop(transaction, None)


def _marks(session: Session) -> _Marks:
    # A statement reaches its event before the session has begun a transaction for it.
    current = session.get_nested_transaction() or session.get_transaction() or session.begin()
    return _marks_of(session, current)


def _marks_of(session: Session, transaction: SessionTransaction | None) -> _Marks:
    marks: _Marks = session.info.setdefault(MARKS, {}).setdefault(transaction, _Marks(set()))
    return marks
