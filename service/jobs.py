"""Durable jobs: who does what, once, through crashes (DBOS; its only importer).

Each worker is a DBOS application of its own name, version and executor: only the same
executor id recovers a job that was cut off, and one shared name strands jobs. The api
enqueues in the transaction of the act, so that a job exists exactly when the act does.
Arguments are identifiers and the serialiser is portable JSON: nothing that runs is ever
read from the database, whatever a row says of how it was written. What goes wrong inside
a job is stored as a code, never as the message of a library, which might quote a record.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Never

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, run_dbos_database_migrations
from dbos._serialization import DefaultSerializer
from sqlalchemy.orm import Session
from structlog.typing import FilteringBoundLogger

QUEUE = "jobs"
ATTEMPTS = 3
RETRY_SECONDS = 1.0
SUBJECT = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,62}")
"""What the identifier of a subject looks like; names of files are made of it."""


class PickleRefused(Exception):
    """A row wants to be read as a pickle, which would run whatever its writer chose."""


def _refuse(*_: object) -> Never:
    raise PickleRefused


# DBOS reads each row with the serialiser that the row names, also one that was never asked for. Whoever
# writes the database would run code in every worker: the api, and whoever took it over.
DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign,assignment]


class WorkerRole(StrEnum):
    """The four roles of the program inside."""

    LINKAGE = "linkage"
    ANALYSIS = "analysis"
    GATE = "gate"
    LOG = "log"


class Job(StrEnum):
    """Every kind of job; its argument is the identifier of its subject."""

    UNSEAL_IDENTIFIERS = "unseal-identifiers"
    UNSEAL_PAYLOAD = "unseal-payload"
    WITHDRAW_FROM_LINKAGE = "withdraw-from-linkage"
    WITHDRAW_FROM_ANALYSIS = "withdraw-from-analysis"
    SHRED_IDENTIFIERS = "shred-identifiers"
    SHRED_PAYLOAD = "shred-payload"
    SHRED_PROJECT_IDENTIFIERS = "shred-project-identifiers"
    SHRED_PROJECT_PAYLOAD = "shred-project-payload"
    SHRED_PROJECT_HISTORY = "shred-project-history"
    LINK = "link"
    RECEIVE_CROSSWALK = "receive-crosswalk"
    ANSWER = "answer"
    CONTROL = "control"
    COUNT_POPULATIONS = "count-populations"
    FORESEE = "foresee"
    SIGN_RELEASE = "sign-release"
    HEARTBEAT = "heartbeat"


WORKER_OF: Mapping[Job, WorkerRole] = {
    Job.UNSEAL_IDENTIFIERS: WorkerRole.LINKAGE,
    Job.UNSEAL_PAYLOAD: WorkerRole.ANALYSIS,
    Job.WITHDRAW_FROM_LINKAGE: WorkerRole.LINKAGE,
    Job.WITHDRAW_FROM_ANALYSIS: WorkerRole.ANALYSIS,
    Job.SHRED_IDENTIFIERS: WorkerRole.LINKAGE,
    Job.SHRED_PAYLOAD: WorkerRole.ANALYSIS,
    Job.SHRED_PROJECT_IDENTIFIERS: WorkerRole.LINKAGE,
    Job.SHRED_PROJECT_PAYLOAD: WorkerRole.ANALYSIS,
    Job.SHRED_PROJECT_HISTORY: WorkerRole.GATE,
    Job.LINK: WorkerRole.LINKAGE,
    Job.RECEIVE_CROSSWALK: WorkerRole.ANALYSIS,
    Job.ANSWER: WorkerRole.ANALYSIS,
    Job.CONTROL: WorkerRole.GATE,
    Job.COUNT_POPULATIONS: WorkerRole.ANALYSIS,
    Job.FORESEE: WorkerRole.GATE,
    Job.SIGN_RELEASE: WorkerRole.GATE,
    Job.HEARTBEAT: WorkerRole.LOG,
}
VERSION = 1
Handler = Callable[[str], None]
"""Does one job for the subject of that id; may be called again after a crash."""
Failed = Callable[[Job, str], None]
"""Told when a job has failed for good: the subject must not wait for ever."""


@dataclass(frozen=True)
class Duties:
    """What a worker does: its jobs, what becomes of one that failed for good, perhaps a standing task."""

    handlers: Mapping[Job, Handler]
    failed: Failed
    first: Callable[[], None] = lambda: None
    """What has to be done before any job is taken; a worker whose first duty fails takes none."""
    beside: Callable[[Event], None] | None = None


class JobFailed(Exception):
    """A job failed; the code is all that is kept."""


def migrate_jobs(database_url: str) -> None:
    """Create or update the job queue's own tables."""
    run_dbos_database_migrations(database_url)


def _name(role: WorkerRole) -> str:
    return f"tre-{role.value}"


def _version(role: WorkerRole) -> str:
    # Versions are unique among applications that share a system database.
    return f"{role.value}-{VERSION}"


class JobQueue:
    """Hands jobs to workers in the transaction of the caller."""

    def __init__(self, database_url: str) -> None:
        self._client = DBOSClient(
            system_database_url=database_url, serializer=DBOSPortableJSONSerializer(), lazy=True
        )

    def enqueue(self, session: Session, job: Job, subject_id: str) -> None:
        """Put a job in line; a second time for the same subject changes nothing."""
        role = WORKER_OF[job]
        self._client.enqueue_in_transaction(
            session,
            {
                "workflow_name": job.value,
                "queue_name": f"{QUEUE}-{role.value}",
                "workflow_id": f"{job.value}:{subject_id}",
                "app_version": _version(role),
                "application_name": _name(role),
            },
            subject_id,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()


def run_jobs(
    role: WorkerRole,
    database_url: str,
    duties: Duties,
    *,
    stop: Event,
    poll_seconds: float,
    log: FilteringBoundLogger,
) -> None:
    """Do the role's jobs until told to stop; jobs that a crash cut off are begun again first."""
    DBOS(
        config={
            "name": _name(role),
            "system_database_url": database_url,
            "application_version": _version(role),
            "executor_id": f"{role.value}-0",
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "log_level": "CRITICAL",
        }
    )
    for job, handler in duties.handlers.items():
        _register(job, handler, duties.failed, log)
    DBOS.launch()
    DBOS.register_queue(f"{QUEUE}-{role.value}", worker_concurrency=1, polling_interval_sec=poll_seconds)
    try:
        stop.wait()
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)


def _register(job: Job, handler: Handler, failed: Failed, log: FilteringBoundLogger) -> None:
    @DBOS.step(name=f"{job.value}-step")
    def step(subject_id: str) -> None:
        attempt(job, handler, failed, subject_id, log=log)

    @DBOS.workflow(name=job.value)
    def workflow(subject_id: str) -> None:
        step(subject_id)


def attempt(
    job: Job, handler: Handler, failed: Failed, subject_id: str, *, log: FilteringBoundLogger
) -> None:
    """Do a job, three times at most; then tell `failed` and raise JobFailed with no more than its name.

    A job whose subject is no identifier is not begun: somebody else than the queue put it in line.
    """
    if SUBJECT.fullmatch(subject_id) and _is_done(job, handler, subject_id, log):
        return
    try:
        failed(job, subject_id)
    except Exception as fault:  # noqa: BLE001  # DBOS would keep the words of this one too
        log.error("job_failure_not_kept", job=job.value, subject_id=subject_id, fault=type(fault).__name__)  # noqa: TRY400
    raise JobFailed(job.value)


def _is_done(job: Job, handler: Handler, subject_id: str, log: FilteringBoundLogger) -> bool:
    for turn in range(1, ATTEMPTS + 1):
        try:
            handler(subject_id)
        except Exception as fault:  # noqa: BLE001  # whatever it is, only its type may be kept
            # error, not exception: a traceback may quote a record
            log.error("job_failed", job=job.value, subject_id=subject_id, fault=type(fault).__name__)  # noqa: TRY400
            if turn < ATTEMPTS:
                time.sleep(RETRY_SECONDS)
        else:
            log.info("job_done", job=job.value, subject_id=subject_id)
            return True
    return False
