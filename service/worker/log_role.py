"""The log worker: entries into the tree, a signed checkpoint after each batch, a heartbeat."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.audit.checkpoint import Checkpoint, LogKey, LogSigner
from service.audit.log import Integrated, integrate
from service.audit.tally import enter_closed_tallies
from service.audit.vocabulary import Action
from service.jobs import Duties, Job
from service.keys import Pins, log_signing_key
from service.problems.tools import KeyFolderUnusable
from service.settings import LogSettings
from service.worker.files import replace_bytes
from service.worker.roles import Surroundings


def duties(settings: LogSettings, surroundings: Surroundings) -> Duties:
    """What the log worker does."""
    signer = log_signer(settings)

    def heartbeat(_: str) -> None:
        with surroundings.act() as act:
            act.enter(Action.LOG_HEARTBEAT, "log")

    return Duties(
        handlers={Job.HEARTBEAT: heartbeat},
        failed=lambda _job, _subject: None,
        beside=lambda stop: keep_log(settings, surroundings, signer, stop),
    )


def log_signer(settings: LogSettings) -> LogSigner:
    """The log's signing key, if it is the one this machine pins; raises KeyFolderUnusable otherwise."""
    pinned = LogKey.from_text(Pins.read(settings.pins).log_vkey)
    signer = LogSigner(pinned.origin, log_signing_key(settings.log_key))
    if signer.key != pinned:
        raise KeyFolderUnusable
    return signer


def remembered(path: Path, key: LogKey) -> Checkpoint | None:
    """The last checkpoint that this worker signed, from its own folder; nothing before the first."""
    return key.open(path.read_text()) if path.exists() else None


def keep_log(settings: LogSettings, surroundings: Surroundings, signer: LogSigner, stop: Event) -> None:
    """Bring entries into the tree until told to stop, a heartbeat entry among them in each period.

    A locked database is tried again; LogBehindItsCheckpoint ends the worker, and with it
    every effect that waits for the tree.
    """
    period = -1
    while not stop.is_set():
        try:
            period = _beat(settings, surroundings, period)
            done = one_round(settings, surroundings, signer)
        except OperationalError:
            surroundings.log.warning("log_database_busy")
            done = None
        if done is None or done.entries < settings.batch:
            stop.wait(settings.poll_seconds)


def _beat(settings: LogSettings, surroundings: Surroundings, last: int) -> int:
    """Ask for one heartbeat entry in each period, also across restarts; the period it is now."""
    period = int(surroundings.clock().timestamp()) // settings.heartbeat_seconds
    if period != last:
        # Asking changes nothing that is audited, and the job enters itself: no guarded session.
        with Session(surroundings.sessions.kw["bind"]) as session:
            surroundings.jobs.enqueue(session, Job.HEARTBEAT, str(period))
            session.commit()
    return period


def one_round(settings: LogSettings, surroundings: Surroundings, signer: LogSigner) -> Integrated | None:
    """Enter refused sign-ins whose minute is over, bring one batch into the tree, remember its checkpoint."""
    with surroundings.sessions() as session:
        enter_closed_tallies(
            session,
            clock=surroundings.clock,
            random=surroundings.random,
            window_seconds=settings.tally_seconds,
        )
        done = integrate(
            session,
            signer=signer,
            clock=surroundings.clock,
            limit=settings.batch,
            known=remembered(settings.log_memory, signer.key),
        )
        session.commit()
    if done is not None and done.entries:
        replace_bytes(settings.log_memory, done.note.encode())
    return done
