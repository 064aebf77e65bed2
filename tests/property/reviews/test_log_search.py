"""A search of the log is a plain filter, and its pages are the whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service.audit.log import integrate, record
from service.audit.records import AuditEntry, newest_sequence
from service.audit.vocabulary import Action, Outcome
from service.reviews.records import entries_like
from service.reviews.rules import Stretch, Wanted
from tests.unit.audit.log_factories import Log, a_log

BEGIN = datetime(2026, 5, 1, 9, tzinfo=UTC)
PEOPLE = ("rosalind", "cheng", "worker-gate", "worker_gate", "Rosalind")
PROJECTS = (None, "cancer-audit", "cancer-audit-2")
ACTIONS = (Action.QUERY_ASK, Action.RELEASE_READ, Action.KEY_REVOKE)
ENTRIES = 90


def every_kind(log: Log) -> None:
    """Entries in which every word comes with many others; two of three have the moment of the one before."""
    words = itertools.cycle(itertools.product(PEOPLE, PROJECTS, Outcome, ACTIONS))
    with log.sessions.begin() as session:
        for number, (person, project, outcome, action) in zip(range(ENTRIES), words, strict=False):
            record(
                session,
                action,
                actor=person,
                subject=PEOPLE[(number * 7) % len(PEOPLE)],
                project=project,
                outcome=outcome,
                clock=lambda at=BEGIN + timedelta(minutes=number // 3): at,  # type: ignore[misc]  # bound now
                random=log.random,
            )
    with log.sessions.begin() as session:
        integrate(session, signer=log.signer, clock=log.clock, limit=ENTRIES // 2)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    log = a_log(tmp_path_factory.mktemp("log"))
    every_kind(log)
    with log.sessions() as looking:
        yield looking


moments = st.integers(-1, ENTRIES // 3 + 1).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
searches = st.builds(
    Wanted,
    person=st.none() | st.sampled_from((*PEOPLE, "nobody")),
    actor=st.none() | st.sampled_from(PEOPLE),
    subject=st.none() | st.sampled_from(PEOPLE),
    project=st.none() | st.sampled_from(PROJECTS),
    action=st.none() | st.sampled_from((*ACTIONS, Action.LOG_READ)),
    outcome=st.none() | st.sampled_from(Outcome),
    since=st.none() | moments,
    until=st.none() | moments,
)


def fits(row: AuditEntry, wanted: Wanted) -> bool:
    """The search said again, in Python over a row."""
    same = ("actor", "subject", "project", "action", "outcome")
    return (
        (wanted.person is None or wanted.person in {row.actor, row.subject})
        and all(getattr(wanted, name) in {None, getattr(row, name)} for name in same)
        and (wanted.since is None or wanted.since <= row.at)
        and (wanted.until is None or row.at < wanted.until)
    )


@given(wanted=searches, limit=st.integers(1, ENTRIES + 1))
def test_the_pages_of_a_search_are_a_plain_filter_of_the_log(
    session: Session, wanted: Wanted, limit: int
) -> None:
    everything = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence)).all()
    found: list[int] = []
    upto, after = newest_sequence(session), 0
    for _ in range(ENTRIES + 1):
        page = entries_like(session, wanted, Stretch(after=after, upto=upto, limit=limit))
        found += [row.sequence for row, _ in page]
        if len(page) < limit:
            break
        after = found[-1]
    assert found == [row.sequence for row in everything if fits(row, wanted)]


@given(wanted=searches, upto=st.integers(0, ENTRIES))
def test_nothing_beyond_the_end_of_a_search_is_found(session: Session, wanted: Wanted, upto: int) -> None:
    whole = entries_like(session, wanted, Stretch(after=0, upto=ENTRIES, limit=ENTRIES))
    some = entries_like(session, wanted, Stretch(after=0, upto=upto, limit=ENTRIES))
    assert some == [found for found in whole if found[0].sequence <= upto]


def test_an_empty_log_has_nothing_to_find(tmp_path: Path) -> None:
    with a_log(tmp_path).sessions() as looking:
        assert newest_sequence(looking) == 0
        assert entries_like(looking, Wanted(), Stretch(after=0, upto=0, limit=5)) == []


@pytest.mark.parametrize("name", ["person", "actor", "subject", "project", "action", "outcome", "since"])
def test_a_search_by_one_word_uses_an_index(session: Session, name: str) -> None:
    word = {"action": Action.QUERY_ASK, "outcome": Outcome.REFUSED, "since": BEGIN}.get(name, "rosalind")
    statements: list[tuple[str, object]] = []
    engine = session.get_bind()

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        statements.append((statement, parameters))

    entries_like(session, Wanted(**{name: word}), Stretch(after=0, upto=ENTRIES, limit=5))  # type: ignore[arg-type]
    sa.event.remove(engine, "before_cursor_execute", note)
    [(statement, parameters)] = [one for one in statements if "FROM audit_entry" in one[0]]
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()  # type: ignore[arg-type]
    assert not any(row[3].startswith("SCAN audit_entry") for row in plan), plan
