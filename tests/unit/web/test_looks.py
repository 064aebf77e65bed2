"""Looks that are answered together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from service.audit.log import entry_row
from service.audit.records import AuditEntry
from service.audit.vocabulary import Action
from service.database import Record, engine_for, reading_engine, sessions
from service.web.looks import Answered, Look, Looking
from tests.unit.audit.log_factories import a_clock, some_randomness

pytestmark = pytest.mark.both_databases
CLOCK, RANDOM = a_clock(), some_randomness()


@pytest.fixture
def looking(empty_database: str) -> Iterator[Looking]:
    engine = engine_for(empty_database)
    Record.metadata.create_all(engine)
    yield Looking(reading_engine(engine), sessions(engine))
    engine.dispose()


def look(subject: str, statement: str = "SELECT 1") -> Look:
    def answer(connection: sa.Connection) -> Answered:
        connection.execute(sa.text(statement))
        row = entry_row(Action.PROJECT_READ, actor="a1", subject=subject, clock=CLOCK, random=RANDOM)
        return Response(subject), [row]

    return Look(answer)


def entered(entering: sessionmaker[Session]) -> list[str]:
    with entering() as session:
        return list(session.scalars(sa.select(AuditEntry.subject).order_by(AuditEntry.sequence)))


def test_a_look_that_the_database_refuses_keeps_no_other_from_its_answer(looking: Looking) -> None:
    one, refused, other = looking.answer_all([look("one"), look("two", "SELECT nothing"), look("three")])
    assert isinstance(refused, DBAPIError)
    assert [answer.body for answer in (one, other) if isinstance(answer, Response)] == [b"one", b"three"]
    assert entered(looking.entering) == ["one", "three"]


def test_what_is_refused_by_all_is_entered_by_nobody_here(looking: Looking) -> None:
    [refused] = looking.answer_all([look("two", "SELECT nothing")])
    assert isinstance(refused, DBAPIError)
    assert entered(looking.entering) == []


def test_no_look_is_answered_whose_entry_is_not_committed(looking: Looking) -> None:
    def fail(_: Session) -> None:
        raise OSError

    sa.event.listen(looking.entering, "before_commit", fail)
    with pytest.raises(OSError):  # noqa: PT011  # it has no words
        looking.answer_all([look("one"), look("two")])
    sa.event.remove(looking.entering, "before_commit", fail)
    assert entered(looking.entering) == []


def test_a_look_cannot_change_anything(looking: Looking) -> None:
    made = "INSERT INTO audit_outbox (entry_id) VALUES ('made')"

    [answer] = looking.answer_all([look("one", made)])
    if looking.reading.dialect.name == "postgresql":
        assert isinstance(answer, DBAPIError)
    with looking.entering() as session:
        kept = session.execute(sa.text("SELECT count(*) FROM audit_outbox WHERE entry_id = 'made'"))
        assert kept.scalar() == 0
