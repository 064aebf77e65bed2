"""tre-worker ROLE: reads its keys, closes itself in, measures that, then does its jobs."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

import service
from service.audit.guard import guard_sessions
from service.audit.vocabulary import Action
from service.clock import utc_now
from service.database import engine_for, sessions
from service.jobs import JobQueue, WorkerRole, run_jobs
from service.keys import Pins
from service.locks import only_one
from service.logs import logger
from service.sandbox.apply import apply_sandbox
from service.sandbox.filter import Profile
from service.sandbox.measure import Isolation, measure
from service.sandbox.openings import openings_of
from service.sandbox.status import write_status
from service.settings import WorkerSettings, settings_for
from service.worker.duties import open_role, settings_of
from service.worker.roles import Surroundings

GROUP_READS = 0o027
STATUS_SECONDS = 2.0
USAGE, ALREADY_RUNNING = 2, 3


def main() -> None:
    """Run one role until SIGTERM."""
    try:
        role = WorkerRole(sys.argv[1])
    except (IndexError, ValueError):
        sys.stderr.write(f"usage: tre-worker {'|'.join(WorkerRole)}\n")
        sys.exit(USAGE)
    sys.exit(work(role, os.environ))


def work(role: WorkerRole, environment: Mapping[str, str]) -> int:
    """Run one role; the exit code."""
    os.umask(GROUP_READS)
    settings = settings_for(settings_of(role), environment)
    made = sessions(engine_for(settings.database_url, wait_seconds=settings.database_wait_seconds))
    guard_sessions(made)
    surroundings = Surroundings(
        sessions=made,
        jobs=JobQueue(settings.database_url),
        clock=utc_now,
        random=secrets.token_bytes,
        log=logger(f"worker-{role.value}"),
        pins=Pins.read(settings.pins),
        spool=settings.spool,
        permits=settings.own_folder / "permits",
        role=role,
    )
    with only_one(settings.status_folder / role.value) as alone:
        if not alone:
            surroundings.log.error("worker_already_running", role=role.value)
            return ALREADY_RUNNING
        _run(role, settings, surroundings)
    return 0


def _run(role: WorkerRole, settings: WorkerSettings, surroundings: Surroundings) -> None:
    # 1. Keys are read and modules loaded before the doors close.
    duties = open_role(role, settings, surroundings)
    # 2. The sandbox, then the proof of it, before there are threads.
    isolation = close_in(settings, surroundings)
    _enter_start(isolation, surroundings)
    duties.first()
    # 3. Work until told to stop.
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _beside(lambda ended: _show_life(role, settings, isolation, ended), stop, surroundings)
    if duties.beside:
        _beside(duties.beside, stop, surroundings)
    run_jobs(
        role,
        settings.database_url,
        duties,
        stop=stop,
        poll_seconds=settings.poll_seconds,
        log=surroundings.log,
    )


def close_in(settings: WorkerSettings, surroundings: Surroundings) -> Isolation:
    """Put the sandbox on, unless told not to, and measure what is still open."""
    profile = Profile(settings.profile)
    # What a Spark driver opens on its machine is Spark's to say.
    openings = openings_of(settings) if profile is Profile.LOCAL else None
    missed = apply_sandbox(profile, openings) if settings.sandbox else ()
    code = Path(service.__file__).parent
    isolation = measure(
        profile,
        forbidden=settings.closed_paths(),
        unwritable={"the code": code, **settings.unwritable_paths()},
    )
    surroundings.log.info(
        "isolation_measured", isolation=isolation.describe(), open=[*isolation.open, *missed]
    )
    return isolation


def _enter_start(isolation: Isolation, surroundings: Surroundings) -> None:
    with surroundings.act() as act:
        act.enter(
            Action.WORKER_START,
            surroundings.role.value,
            isolation=isolation.state.value,
            count=len(isolation.open),
        )


def _show_life(role: WorkerRole, settings: WorkerSettings, isolation: Isolation, stop: Event) -> None:
    """Keep the status file fresh."""
    while not stop.is_set():
        write_status(
            settings.status_folder,
            role.value,
            isolation=isolation.state.value,
            opened=isolation.open,
            clock=utc_now,
        )
        stop.wait(STATUS_SECONDS)


def _beside(task: Callable[[Event], None], stop: Event, surroundings: Surroundings) -> None:
    """Run a standing task; when it fails the worker ends, to be started again by its supervisor."""

    def run() -> None:
        try:
            task(stop)
        except Exception as fault:  # noqa: BLE001  # whatever it is, only its type may be shown
            # error, not exception: a traceback may quote a record
            surroundings.log.error("standing_task_failed", fault=type(fault).__name__)  # noqa: TRY400
        finally:
            stop.set()

    threading.Thread(target=run, daemon=True).start()
