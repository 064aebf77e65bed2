from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.audit.entry import Entry
from service.audit.records import AuditEntry, RefusalTally
from service.audit.tally import enter_closed_tallies, tally_refusal
from service.audit.vocabulary import Action, Outcome
from tests.unit.audit.log_factories import Log

pytestmark = pytest.mark.both_databases


def at(second: int) -> Callable[[], datetime]:
    return lambda: datetime(2026, 5, 1, 9, second // 60, second % 60, tzinfo=UTC)


def refuse(log: Log, source: str, slug: str, second: int) -> None:
    with log.sessions.begin() as session:
        tally_refusal(session, source, slug, at(second))


def enter(log: Log, second: int) -> int:
    with log.sessions.begin() as session:
        return enter_closed_tallies(session, clock=at(second), random=log.random, window_seconds=60)


def entries(log: Log) -> list[Entry]:
    with log.sessions() as session:
        return [
            row.to_entry() for row in session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence))
        ]


def test_a_flood_becomes_one_entry_for_each_source_and_minute(log: Log) -> None:
    for second in range(50):
        refuse(log, "10.0.0.1", "token-invalid", second)
    refuse(log, "10.0.0.1", "rate-limited", 55)
    refuse(log, "10.0.0.2", "token-invalid", 58)
    refuse(log, "10.0.0.1", "token-invalid", 61)
    assert enter(log, 59) == 0
    assert enter(log, 60) == 2
    first, second_source = entries(log)
    assert (first.action, first.outcome) == (Action.SIGN_IN_REFUSE, Outcome.REFUSED)
    assert (first.actor, first.subject) == ("nobody", "10.0.0.1")
    assert first.detail == {"count": 51, "code": "rate-limited+token-invalid", "minute": "2026-05-01T09:00Z"}
    assert (second_source.subject, second_source.detail["count"]) == ("10.0.0.2", 1)


def test_a_tally_is_entered_once_and_then_gone(log: Log) -> None:
    refuse(log, "10.0.0.1", "token-invalid", 1)
    assert [enter(log, 70), enter(log, 80)] == [1, 0]
    with log.sessions() as session:
        assert session.scalars(sa.select(RefusalTally)).all() == []
    assert len(entries(log)) == 1


def test_a_source_that_is_no_name_is_entered_as_unknown(log: Log) -> None:
    refuse(log, "<script>Jane Smith</script>", "token-invalid", 1)
    enter(log, 70)
    assert entries(log)[0].subject == "unknown"
