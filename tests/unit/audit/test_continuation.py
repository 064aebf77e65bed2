"""A log that was restored from a copy goes on from a bundle, to the checkpoint that was signed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit import continuation
from service.audit.archive import ENTRIES, NotVerified
from service.audit.bundle import entries_of
from service.audit.checkpoint import Checkpoint
from service.audit.continuation import Standing, carry_on, standing_of
from service.audit.export import write_bundle
from service.audit.log import is_in_tree
from service.audit.records import AuditEntry, AuditOutbox, last_checkpoint
from tests.unit.audit.log_factories import Log, a_log, bundle_members, packed


def head(log: Log) -> Checkpoint:
    with log.sessions() as session:
        standing = last_checkpoint(session)
        assert standing
        return log.signer.key.open(standing.note)


def bundle_of(log: Log, path: Path) -> Path:
    with log.sessions() as session, path.open("wb") as target:
        write_bundle(session, target, key=log.signer.key, release_keys=[])
    return path


def copy_of(log: Log, folder: Path) -> Log:
    """The log as a backup of this moment has it."""
    log.engine.dispose()
    shutil.copy(folder / "control.sqlite", folder / "copy.sqlite")
    made = a_log(folder, "copy.sqlite")
    made.clock, made.random = log.clock, log.random
    return made


def carried(log: Log, bundle: Path) -> int:
    with log.sessions.begin() as session:
        return carry_on(session, bundle, key=log.signer.key, clock=log.clock)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = a_log(tmp_path)
    made.enter(5)
    made.integrate()
    return made


def test_it_reaches_the_checkpoint_that_was_signed_and_grows_on(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuation, "BATCH", 3)
    [waiting] = log.enter()
    restored = copy_of(log, tmp_path)
    log.enter(7)
    log.integrate()
    bundle = bundle_of(log, tmp_path / "log.zip")
    assert carried(restored, bundle) == 8
    assert head(restored) == head(log)
    with restored.sessions() as session:
        assert is_in_tree(session, waiting)
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditOutbox)) == 0
    restored.enter(2)
    assert restored.integrate() == 2
    again = bundle_of(restored, tmp_path / "again.zip")
    assert carried(log, again) == 2  # what comes after is the same log still
    assert carried(log, again) == 0


def test_a_database_of_before_the_first_checkpoint_gets_the_whole_log(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    restored = copy_of(log, tmp_path)
    log.enter(4)
    log.integrate()
    assert carried(restored, bundle_of(log, tmp_path / "log.zip")) == 4
    assert head(restored) == head(log)


def test_an_older_bundle_and_one_of_another_history_are_refused(log: Log, tmp_path: Path) -> None:
    older = bundle_of(log, tmp_path / "older.zip")
    fork = copy_of(log, tmp_path)
    log.enter(3)
    log.integrate()
    with pytest.raises(NotVerified, match="a signed checkpoint has 8"):
        carried(log, older)
    fork.random = bytes
    fork.enter(1)
    fork.integrate()
    fork.random = log.random
    fork.enter(9)
    fork.integrate()
    with pytest.raises(NotVerified, match="no longer begins with its tree"):
        carried(log, bundle_of(fork, tmp_path / "fork.zip"))


def test_an_entry_that_waits_and_says_otherwise_is_refused(log: Log, tmp_path: Path) -> None:
    log.enter()
    restored = copy_of(log, tmp_path)
    log.integrate()
    with restored.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER audit_entry_no_update"))
        connection.execute(sa.text("UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 6"))
    with pytest.raises(NotVerified, match="says something else"):
        carried(restored, bundle_of(log, tmp_path / "log.zip"))
    with restored.sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 6
    assert head(restored).size == 5


def test_a_kept_checkpoint_is_held_ahead_or_of_another_log(log: Log, tmp_path: Path) -> None:
    first = head(log)
    restored = copy_of(log, tmp_path)
    log.enter(3)
    log.integrate()
    newest = head(log)
    with log.sessions() as session:
        assert standing_of(session, first) is Standing.HELD
        assert standing_of(session, newest) is Standing.HELD
        assert standing_of(session, Checkpoint(first.origin, 4, bytes(32))) is Standing.OTHER
    with restored.sessions() as session:
        assert standing_of(session, newest) is Standing.AHEAD


def test_a_line_that_is_none_is_refused_when_it_is_read(tmp_path: Path) -> None:
    members = bundle_members(tmp_path)
    lines = members[ENTRIES].splitlines(keepends=True)
    whole = packed(tmp_path / "whole.zip", members)
    assert len(list(entries_of(whole, 2))) == len(lines) - 2
    bad = packed(tmp_path / "bad.zip", members | {ENTRIES: lines[0] + b"{}\n"})
    with pytest.raises(NotVerified, match=r"entries\.jsonl: not the fields of a line"):
        list(entries_of(bad, 0))
    assert zipfile.is_zipfile(bad)
