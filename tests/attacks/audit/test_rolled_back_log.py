"""The database under the log, restored, cut or edited by its administrator: the log worker stops."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit.checkpoint import Checkpoint
from service.audit.log import Integrated, LogBehindItsCheckpoint, integrate
from service.audit.records import APPEND_ONLY, AuditEntry, AuditNode, stored_nodes
from service.audit.tree import ProofInvalid, consistency_proof, verify_consistency
from tests.unit.audit.log_factories import Log, a_log, a_signer


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = a_log(tmp_path)
    made.enter(5)
    made.integrate()
    return made


def administer(log: Log, statement: str) -> None:
    """What somebody with the database file can do: drop the triggers and change what they like."""
    with log.engine.begin() as connection:
        for table in APPEND_ONLY:
            for suffix in ("no_update", "no_delete", "no_replace"):
                connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_{suffix}"))
        connection.execute(sa.text(statement))


def next_round(log: Log, known: Checkpoint | None = None) -> Integrated | None:
    with log.sessions.begin() as session:
        return integrate(session, signer=log.signer, clock=log.clock, limit=100, known=known)


def head(log: Log) -> Checkpoint:
    done = next_round(log)
    assert done
    return done.checkpoint


def test_an_untouched_log_goes_on_from_what_the_worker_remembers(log: Log) -> None:
    known = head(log)
    log.enter(3)
    done = next_round(log, known)
    assert done
    assert (done.entries, done.checkpoint.size) == (3, 8)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM audit_checkpoint", "5 leaves are stored, 0 are signed"),
        ("DELETE FROM audit_leaf WHERE leaf_index = 4", "4 leaves are stored, 5 are signed"),
        ("DELETE FROM audit_node WHERE level = 2", "a stored node is missing"),
        ("UPDATE audit_node SET digest = zeroblob(32) WHERE level = 2", "another root than the signed one"),
        ("UPDATE audit_checkpoint SET note = replace(note, '5', '6')", "not signed by this log"),
        ("UPDATE audit_checkpoint SET size = 6", "signed for another size"),
    ],
)
def test_an_edited_tree_stops_the_log(log: Log, statement: str, why: str) -> None:
    log.enter(2)
    administer(log, statement)
    with pytest.raises(LogBehindItsCheckpoint, match=why):
        next_round(log)


def test_a_database_restored_from_a_copy_is_seen_by_the_worker(tmp_path: Path, log: Log) -> None:
    log.engine.dispose()
    shutil.copy(tmp_path / "control.sqlite", tmp_path / "copy.sqlite")
    log.enter(4)
    known = head(log)
    restored = a_log(tmp_path, "copy.sqlite")
    restored.clock, restored.random = log.clock, log.random
    restored.enter(9)
    with pytest.raises(LogBehindItsCheckpoint, match="5 leaves are stored, 9 were signed before"):
        next_round(restored, known)


def test_a_log_that_grew_anew_after_a_restore_is_seen_by_the_worker(tmp_path: Path, log: Log) -> None:
    log.engine.dispose()
    shutil.copy(tmp_path / "control.sqlite", tmp_path / "copy.sqlite")
    log.enter(4)
    known = head(log)
    fork = a_log(tmp_path, "copy.sqlite")
    fork.random = lambda size: bytes(range(size))
    fork.clock = log.clock
    fork.enter(1)
    fork.integrate()  # a worker without its memory
    fork.random = log.random
    fork.enter(6)
    fork.integrate()
    with pytest.raises(LogBehindItsCheckpoint, match="does not extend the remembered one"):
        next_round(fork, known)


def test_a_fork_is_seen_by_anyone_who_holds_a_checkpoint(tmp_path: Path, log: Log) -> None:
    log.engine.dispose()
    shutil.copy(tmp_path / "control.sqlite", tmp_path / "copy.sqlite")
    shared = head(log)
    log.enter(4)
    ours = head(log)
    fork = a_log(tmp_path, "copy.sqlite")
    fork.clock, fork.random = log.clock, log.random
    fork.enter(8)
    theirs = head(fork)
    with fork.sessions() as session:
        nodes = stored_nodes(session)
        verify_consistency(shared.head, theirs.head, consistency_proof(5, 13, nodes))
        with pytest.raises(ProofInvalid):
            verify_consistency(ours.head, theirs.head, consistency_proof(9, 13, nodes))


def test_a_log_signed_by_another_key_is_not_continued(log: Log) -> None:
    log.signer = a_signer(seed=8)
    log.enter()
    with pytest.raises(LogBehindItsCheckpoint, match="not signed by this log"):
        next_round(log)


def test_a_refused_round_changes_nothing(log: Log) -> None:
    log.enter(2)
    with pytest.raises(LogBehindItsCheckpoint):
        next_round(log, Checkpoint(log.signer.origin, 50, bytes(32)))
    with log.sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditNode).filter_by(level=0)) == 5
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 7
    assert log.integrate() == 2
