"""The law of two people is the database's own: raw statements of whoever owns it are refused, on both."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.api.test_matrix import a_preflight
from tests.at_work import AtWork

pytestmark = pytest.mark.both_databases

LET_GO = "UPDATE release SET state = '{}'"
AGAIN = "UPDATE release_decision SET verdict = 'approve'"
COPY = (
    "INSERT INTO release_decision SELECT release_id, '{}', author_id, verdict, reason, decision,"
    " decision_sha256, decided_at FROM release_decision WHERE checker_id = 'cheng'"
)


def run(service: AtWork, statement: str) -> None:
    with service.here.sessions.kw["bind"].begin() as connection:
        connection.exec_driver_sql(statement)


def state(service: AtWork) -> object:
    with service.looking() as session:
        return session.scalar(sa.text("SELECT state FROM release"))


@pytest.mark.parametrize("to", ["approved", "signed"])
def test_no_release_is_let_go_without_two_approvals(awaiting: AtWork, to: str) -> None:
    with pytest.raises(IntegrityError, match="two people approve"):
        run(awaiting, LET_GO.format(to))
    assert awaiting.decide("cheng", awaiting.release_id()).status_code == 201
    with pytest.raises(IntegrityError, match="two people approve"):
        run(awaiting, LET_GO.format(to))
    assert state(awaiting) == "awaiting"


def test_a_release_begins_as_awaiting(awaiting: AtWork) -> None:
    preflight = a_preflight(awaiting)
    columns = "project_id, author_id, evidence_sha256, table_sha256, record, state, opened_at"
    begun = f"INSERT INTO release (id, {columns}) SELECT '{preflight}', {columns} FROM release".replace(
        "record, state, opened_at FROM", "record, 'approved', opened_at FROM"
    )
    with pytest.raises(IntegrityError, match="two people approve"):
        run(awaiting, begun)
    run(awaiting, begun.replace("'approved'", "'awaiting'"))


def test_a_refused_release_stays_refused(awaiting: AtWork) -> None:
    for name in ("cheng", "carol"):
        assert awaiting.decide(name, awaiting.release_id(), verdict="refuse").status_code in {201, 409}
    with pytest.raises(IntegrityError, match="two people approve"):
        run(awaiting, LET_GO.format("signed"))


def test_nobody_decides_twice_for_the_author_or_over_again(awaiting: AtWork) -> None:
    assert awaiting.decide("cheng", awaiting.release_id(), verdict="refuse").status_code == 201
    for statement in (COPY.format("cheng"), COPY.format("rosalind"), COPY.format("nobody-known"), AGAIN):
        with pytest.raises(IntegrityError):
            run(awaiting, statement)
    with pytest.raises(DBAPIError, match="append-only"):
        run(awaiting, "DELETE FROM release_decision")
    run(awaiting, COPY.format("carol").replace("verdict, reason", "'approve', reason"))
    run(awaiting, COPY.format("chidi").replace("verdict, reason", "'approve', reason"))
    with pytest.raises(IntegrityError, match="two people approve"):
        run(awaiting, LET_GO.format("approved"))
