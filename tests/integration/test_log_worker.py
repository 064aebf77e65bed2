"""The log worker on a real log: rounds, memory, heartbeat and what ends it."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from service.audit.checkpoint import LogKey, LogSigner
from service.audit.log import LogBehindItsCheckpoint
from service.audit.vocabulary import Action
from service.jobs import Job, WorkerRole
from service.operate.installation import environment
from service.problems.tools import KeyFolderUnusable
from service.settings import GateSettings, LogSettings, settings_for
from service.worker import log_role
from service.worker.duties import open_role
from service.worker.log_role import keep_log, log_signer, one_round, remembered
from tests.integration.conftest import At
from tests.integration.workshop import Workshop


def settings_of(shop: Workshop, **changes: str) -> LogSettings:
    return settings_for(LogSettings, {**environment(shop.home, "log"), **changes})


def a_round(shop: Workshop, settings: LogSettings) -> int:
    done = one_round(settings, shop.surroundings(WorkerRole.LOG), log_signer(settings))
    return done.entries if done else 0


def key_of(shop: Workshop) -> LogKey:
    return LogKey.from_text(shop.pins.log_vkey)


def test_rounds_bring_every_entry_into_the_tree_and_remember(at: At) -> None:
    shop = at("opened")
    settings, entries = settings_of(shop, TRE_BATCH="3"), len(shop.entries())
    assert remembered(settings.log_memory, key_of(shop)) is None
    brought = [a_round(shop, settings) for _ in range(4)]
    assert brought == [3, 3, entries - 6, 0]
    kept = remembered(settings.log_memory, key_of(shop))
    assert kept is not None
    assert kept.size == entries


def test_a_database_that_was_rolled_back_ends_the_worker(at: At) -> None:
    shop = at("opened")
    settings = settings_of(shop)
    database = shop.home.root / "control" / "control.db"
    shop.change("PRAGMA wal_checkpoint(TRUNCATE)")
    before = database.read_bytes()
    a_round(shop, settings)
    shop.sessions.kw["bind"].dispose()
    for path in database.parent.iterdir():
        path.unlink()
    database.write_bytes(before)
    with pytest.raises(LogBehindItsCheckpoint):
        a_round(shop, settings)


def test_a_heartbeat_is_an_entry_once_in_each_period(at: At) -> None:
    shop = at("opened")
    settings, signer = settings_of(shop, TRE_HEARTBEAT_SECONDS="3600"), log_signer(settings_of(shop))
    for hours in (0, 0, 1):
        shop.clock.forward(hours=hours)
        keep_for_one_round(shop, settings, signer)
    beats = [(job, subject) for job, subject in shop.enqueued() if job is Job.HEARTBEAT]
    assert len(beats) == 2
    for job, subject in beats:
        shop.do(job, subject)
    assert [e.action for e in shop.entries()].count(Action.LOG_HEARTBEAT) == 2


class OneRound(threading.Event):
    """Told to stop as soon as it is waited for."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return super().wait(timeout)


def keep_for_one_round(shop: Workshop, settings: LogSettings, signer: LogSigner) -> None:
    keep_log(settings, shop.surroundings(WorkerRole.LOG), signer, OneRound())


def test_a_full_batch_is_followed_by_the_next_at_once(at: At) -> None:
    shop = at("opened")
    settings, entries = settings_of(shop, TRE_BATCH="2"), len(shop.entries())
    keep_for_one_round(shop, settings, log_signer(settings))
    kept = remembered(settings.log_memory, key_of(shop))
    assert kept is not None
    assert kept.size == entries


def test_a_busy_database_is_tried_again(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = at("opened")
    settings = settings_of(shop)

    def busy(*_: object) -> None:
        raise OperationalError("SELECT CANARY", {}, Exception("database is locked"))

    monkeypatch.setattr(log_role, "one_round", busy)
    keep_for_one_round(shop, settings, log_signer(settings))
    assert "log_database_busy" in shop.log.getvalue()
    assert "CANARY" not in shop.log.getvalue()


def test_a_worker_told_to_stop_does_nothing_more(at: At) -> None:
    shop = at("opened")
    stop = threading.Event()
    stop.set()
    duties = shop.duties(WorkerRole.LOG)
    assert duties.beside is not None
    duties.beside(stop)
    assert not settings_of(shop).log_memory.exists()


def test_a_heartbeat_that_failed_leaves_nobody_waiting(at: At) -> None:
    shop = at("opened")
    before = shop.everything()
    shop.fail(Job.HEARTBEAT, "1")
    assert shop.everything() == before


# --- its key


def replace(path: Path, text: str, mode: int = 0o400) -> None:
    path.chmod(0o600)
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", 0o400),
        ("no base64!", 0o400),
        (base64.b64encode(bytes(31)).decode(), 0o400),
        (base64.b64encode(bytes(32)).decode(), 0o400),
        (base64.b64encode(bytes(32)).decode(), 0o440),
    ],
    ids=["empty", "no base64", "too short", "not the pinned one", "readable by others"],
)
def test_a_log_key_that_cannot_serve_is_refused(at: At, text: str, mode: int) -> None:
    settings = settings_of(at("opened"))
    replace(settings.log_key, text, mode)
    with pytest.raises(KeyFolderUnusable):
        log_signer(settings)


def test_a_log_key_that_is_missing_is_refused(at: At) -> None:
    settings = settings_of(at("opened"))
    settings.log_key.unlink()
    with pytest.raises(KeyFolderUnusable):
        log_signer(settings)


def test_a_role_is_not_opened_with_the_settings_of_another(at: At) -> None:
    shop = at("opened")
    gate = settings_for(GateSettings, environment(shop.home, "gate"))
    with pytest.raises(TypeError, match="another role"):
        open_role(WorkerRole.LOG, gate, shop.surroundings(WorkerRole.LOG))
