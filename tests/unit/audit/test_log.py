from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.audit.checkpoint import Checkpoint
from service.audit.entry import NotAnEntry, entry_leaf
from service.audit.log import integrate, is_in_tree, proof_for, record
from service.audit.records import AuditCheckpoint, AuditEntry, AuditNode, AuditOutbox
from service.audit.tree import GrowingTree, verify_inclusion
from service.audit.vocabulary import Action
from service.database import DatabaseFault, engine_for, fault_of
from tests.unit.audit.log_factories import Log

pytestmark = pytest.mark.both_databases


def leaf_of_entry(session: Session, entry_id: str) -> bytes:
    row = session.scalars(sa.select(AuditEntry).filter_by(entry_id=entry_id)).one()
    return entry_leaf(row.salt, row.to_entry().to_canonical())


def count(log: Log, table: type[object]) -> int:
    with log.sessions() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_an_entry_waits_until_it_is_integrated(log: Log) -> None:
    [entry_id] = log.enter()
    with log.sessions() as session:
        assert not is_in_tree(session, entry_id)
        assert proof_for(session, entry_id) is None
    assert log.integrate() == 1
    with log.sessions() as session:
        assert is_in_tree(session, entry_id)
    assert count(log, AuditOutbox) == 0


def test_every_entry_of_several_batches_has_a_proof_that_verifies(log: Log) -> None:
    ids = log.enter(13)
    assert [log.integrate(limit=5) for _ in range(4)] == [5, 5, 3, 0]
    with log.sessions() as session:
        for index, entry_id in enumerate(ids):
            proof = proof_for(session, entry_id)
            assert proof
            assert proof.index == index
            head = log.signer.key.open(proof.note).head
            assert head[0] == 13
            verify_inclusion(leaf_of_entry(session, entry_id), index, head, proof.hashes)


def test_the_stored_nodes_and_roots_are_those_of_the_whole_tree(log: Log) -> None:
    ids = log.enter(11)
    while log.integrate(limit=3):
        pass
    tree = GrowingTree()
    with log.sessions() as session:
        for entry_id in ids:
            tree.add(leaf_of_entry(session, entry_id))
        assert all(n.digest == tree.node(n.level, n.position) for n in session.scalars(sa.select(AuditNode)))
        for row in session.scalars(sa.select(AuditCheckpoint)):
            assert log.signer.key.open(row.note) == Checkpoint(
                "tre.example/log", row.size, tree.root_at(row.size)
            )


def test_integrating_again_changes_nothing(log: Log) -> None:
    log.enter(3)
    log.integrate()
    with log.sessions.begin() as session:
        first = integrate(session, signer=log.signer, clock=log.clock, limit=10)
        second = integrate(session, signer=log.signer, clock=log.clock, limit=10)
    assert first == second
    assert first
    assert (first.entries, first.checkpoint.size) == (0, 3)
    assert count(log, AuditCheckpoint) == 1


def test_an_empty_log_has_no_checkpoint(log: Log) -> None:
    with log.sessions.begin() as session:
        assert integrate(session, signer=log.signer, clock=log.clock, limit=10) is None


def test_a_round_that_is_cut_off_leaves_no_trace_and_is_repeated(log: Log) -> None:
    log.enter(4)
    with log.sessions() as session:
        integrate(session, signer=log.signer, clock=log.clock, limit=10)
        session.rollback()  # what the database does when the worker is killed before its commit
    assert (count(log, AuditNode), count(log, AuditCheckpoint), count(log, AuditOutbox)) == (0, 0, 4)
    assert log.integrate() == 4


def test_an_act_that_is_rolled_back_is_not_entered(log: Log) -> None:
    with log.sessions() as session:
        record(session, Action.QUERY_ASK, actor="a1", subject="q1", clock=log.clock, random=log.random)
        session.rollback()
    assert (count(log, AuditEntry), count(log, AuditOutbox)) == (0, 0)


def test_a_detail_that_may_not_be_entered_stops_the_act(log: Log) -> None:
    with log.sessions() as session, pytest.raises(NotAnEntry, match="kind"):
        record(
            session,
            Action.QUERY_ASK,
            actor="a1",
            subject="q1",
            clock=log.clock,
            random=log.random,
            kind="free text of a person",
        )


def test_entries_that_commit_out_of_order_are_not_lost(log: Log) -> None:
    # Not needed while one transaction writes at a time; the tree does not lean on that.
    first, second, third = log.enter(3)
    with log.engine.begin() as connection:
        connection.execute(sa.delete(AuditOutbox).where(AuditOutbox.entry_id == first))
    assert log.integrate() == 2
    with log.engine.begin() as connection:
        connection.execute(sa.insert(AuditOutbox), {"entry_id": first})
    assert log.integrate() == 1
    with log.sessions() as session:
        proofs = [proof_for(session, entry_id) for entry_id in (second, third, first)]
    assert [proof.index for proof in proofs if proof] == [0, 1, 2]


def test_no_number_is_given_while_a_lower_one_is_not_committed(log: Log, empty_database: str) -> None:
    """So a search that ended at a number has seen every lower one, on PostgreSQL too."""
    meanwhile = Log(engine_for(empty_database, wait_seconds=0.2), clock=log.clock, random=log.random)
    for kept in (True, False):
        with log.sessions() as session:
            record(session, Action.QUERY_ASK, actor="a1", subject="q1", clock=log.clock, random=log.random)
            session.flush()
            with pytest.raises(sa.exc.OperationalError) as waited:
                meanwhile.enter()
            assert fault_of(waited.value) is DatabaseFault.BUSY
            if kept:
                session.commit()
        meanwhile.enter()
    meanwhile.engine.dispose()
    with log.sessions() as session:
        numbers = session.scalars(sa.select(AuditEntry.sequence).order_by(AuditEntry.at)).all()
    assert len(numbers) == 3
    assert numbers == sorted(numbers)
