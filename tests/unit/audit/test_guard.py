from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from service.audit.guard import UnauditedChange, guard_sessions
from service.audit.log import entry_row, record
from service.audit.records import AuditEntry, add_entries, waiting_entries
from service.audit.vocabulary import Action
from service.database import Record, engine_for, sessions
from tests.unit.audit.log_factories import a_clock, some_randomness

pytestmark = pytest.mark.both_databases

Change = Callable[[Session], None]
CLOCK, RANDOM = a_clock(), some_randomness()


class Things(DeclarativeBase):
    """Tables of these tests alone: those of the service stay as they are."""


class GuardedThing(Things):
    __tablename__ = "guarded_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str]


class ExemptThing(Things):
    __tablename__ = "exempt_thing"
    __unaudited__ = True
    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str]


@pytest.fixture
def guarded(empty_database: str) -> Iterator[sessionmaker[Session]]:
    engine = engine_for(empty_database)
    Record.metadata.create_all(engine)
    Things.metadata.create_all(engine)
    with sessions(engine).begin() as session:
        session.add_all([GuardedThing(id=1, colour="blue"), ExemptThing(id=1, colour="blue")])
    made = sessions(engine)
    guard_sessions(made)
    yield made
    engine.dispose()


def enter(session: Session) -> None:
    record(session, Action.PROJECT_AMEND, actor="a1", subject="thing-1", clock=CLOCK, random=RANDOM)


def colours(guarded: sessionmaker[Session]) -> list[str]:
    with guarded() as session:
        return list(session.scalars(sa.select(GuardedThing.colour).order_by(GuardedThing.id)))


def orm_insert(session: Session) -> None:
    session.add(GuardedThing(id=2, colour="red"))


def orm_update(session: Session) -> None:
    session.get_one(GuardedThing, 1).colour = "red"


def orm_delete(session: Session) -> None:
    session.delete(session.get_one(GuardedThing, 1))


def bulk_insert(session: Session) -> None:
    session.execute(sa.insert(GuardedThing), [{"id": 2, "colour": "red"}])


def bulk_update(session: Session) -> None:
    session.execute(sa.update(GuardedThing).values(colour="red"))


def bulk_delete(session: Session) -> None:
    session.execute(sa.delete(GuardedThing))


def table_update(session: Session) -> None:
    session.execute(sa.update(Things.metadata.tables["guarded_thing"]).values(colour="red"))


def entry_by_hand(session: Session) -> None:
    session.execute(sa.insert(GuardedThing), [{"id": 2, "colour": "red"}])
    by_hand = dict.fromkeys(("entry_id", "action", "actor", "subject", "outcome", "detail"), "by-hand")
    session.execute(sa.insert(AuditEntry), [{**by_hand, "at": CLOCK(), "salt": RANDOM(16)}])


CHANGES: list[Change] = [
    orm_insert,
    orm_update,
    orm_delete,
    bulk_insert,
    bulk_update,
    bulk_delete,
    table_update,
    entry_by_hand,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("flushed", [False, True])
def test_a_change_without_an_entry_is_refused(
    guarded: sessionmaker[Session], change: Change, *, flushed: bool
) -> None:
    with guarded() as session:
        change(session)
        if flushed:
            session.flush()
        with pytest.raises(UnauditedChange, match="guarded_thing"):
            session.commit()
    assert colours(guarded) == ["blue"]


@pytest.mark.parametrize("change", CHANGES[:-1])
def test_a_change_with_an_entry_is_committed(guarded: sessionmaker[Session], change: Change) -> None:
    with guarded.begin() as session:
        change(session)
        enter(session)
    assert colours(guarded) != ["blue"]


def test_one_entry_covers_its_own_transaction_only(guarded: sessionmaker[Session]) -> None:
    with guarded() as session:
        enter(session)
        session.commit()
        orm_insert(session)
        with pytest.raises(UnauditedChange):
            session.commit()


def test_rolling_back_forgets_what_was_changed(guarded: sessionmaker[Session]) -> None:
    with guarded() as session:
        orm_insert(session)
        session.flush()
        session.rollback()
        session.get_one(ExemptThing, 1).colour = "green"
        session.commit()
    assert colours(guarded) == ["blue"]


def test_rolling_back_forgets_the_entry_too(guarded: sessionmaker[Session]) -> None:
    with guarded() as session:
        enter(session)
        session.flush()
        session.rollback()
        orm_insert(session)
        with pytest.raises(UnauditedChange):
            session.commit()


def test_a_savepoint_is_judged_with_the_transaction_around_it(guarded: sessionmaker[Session]) -> None:
    with guarded.begin() as session:
        with session.begin_nested():
            orm_insert(session)
        enter(session)
    assert colours(guarded) == ["blue", "red"]


def test_a_change_in_a_released_savepoint_still_needs_an_entry(guarded: sessionmaker[Session]) -> None:
    with guarded() as session:
        with session.begin_nested():
            orm_insert(session)
        with pytest.raises(UnauditedChange):
            session.commit()


def test_a_change_in_a_savepoint_that_was_rolled_back_needs_none(guarded: sessionmaker[Session]) -> None:
    with guarded.begin() as session:
        savepoint = session.begin_nested()
        orm_insert(session)
        session.flush()
        savepoint.rollback()
    assert colours(guarded) == ["blue"]


def test_an_entry_in_a_savepoint_that_was_rolled_back_counts_for_nothing(
    guarded: sessionmaker[Session],
) -> None:
    with guarded() as session:
        orm_insert(session)
        savepoint = session.begin_nested()
        enter(session)
        session.flush()
        savepoint.rollback()
        with pytest.raises(UnauditedChange):
            session.commit()


def test_an_entry_in_a_released_savepoint_counts(guarded: sessionmaker[Session]) -> None:
    with guarded.begin() as session:
        orm_insert(session)
        with session.begin_nested():
            enter(session)
    assert colours(guarded) == ["blue", "red"]


def test_exempt_tables_and_reads_need_no_entry(guarded: sessionmaker[Session]) -> None:
    with guarded.begin() as session:
        session.add(ExemptThing(id=2, colour="red"))
        session.execute(sa.update(ExemptThing).values(colour="green"))
        session.scalars(sa.select(GuardedThing)).all()
        session.get_one(GuardedThing, 1).colour = "blue"  # what it was: nothing changes


def test_entries_that_are_added_together_may_be_committed_alone(guarded: sessionmaker[Session]) -> None:
    rows = [
        entry_row(Action.PROJECT_READ, actor="a1", subject=f"thing-{n}", clock=CLOCK, random=RANDOM)
        for n in range(3)
    ]
    with guarded.begin() as session:
        add_entries(session, rows)
    with guarded() as session:
        assert [entry.subject for entry in waiting_entries(session, 10)] == ["thing-0", "thing-1", "thing-2"]


def test_an_entry_alone_may_be_committed(guarded: sessionmaker[Session]) -> None:
    with guarded.begin() as session:
        enter(session)
    with guarded() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1
