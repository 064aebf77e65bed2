"""Jobs through the real queue, on both databases: one process a worker."""

from __future__ import annotations

import base64
import io
import json
import pickle  # noqa: TID251  # what a hostile process would write
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from dbos import DBOSPortableJSONSerializer
from dbos._serialization import deserialize_args, deserialize_exception, deserialize_value
from sqlalchemy.orm import Session, sessionmaker

from service import jobs
from service.database import engine_for, sessions
from service.jobs import ATTEMPTS, WORKER_OF, Job, JobFailed, JobQueue, WorkerRole, attempt, migrate_jobs
from service.logs import logger
from tests.databases import Databases, file_of
from tests.unit.jobs.job_worker import SECRET

PROGRAM = Path(__file__).with_name("job_worker.py")


@dataclass
class Queue:
    url: str
    folder: Path
    jobs: JobQueue
    sessions: sessionmaker[Session]

    @property
    def diary(self) -> Path:
        return self.folder / "diary"

    def enqueue(self, job: Job, *subjects: str) -> None:
        for subject_id in subjects:
            with self.sessions.begin() as session:
                self.jobs.enqueue(session, job, subject_id)

    def lined_up(self) -> list[str]:
        with self.sessions() as session:
            rows = session.execute(sa.text("SELECT workflow_uuid FROM workflow_status ORDER BY created_at"))
            return [row[0] for row in rows]

    def states(self) -> dict[str, str]:
        with self.sessions() as session:
            rows = session.execute(sa.text("SELECT workflow_uuid, status FROM workflow_status"))
            return {row[0]: row[1] for row in rows}

    def work(self, role: WorkerRole, lines: int) -> str:
        """Run a worker until the diary has so many lines; what it logged."""
        done = subprocess.run(
            [sys.executable, str(PROGRAM), self.url, role.value, str(self.diary), str(lines)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == ""
        return done.stderr

    def told(self) -> list[str]:
        return self.diary.read_text().splitlines()


@pytest.fixture(scope="session")
def migrated() -> dict[str, str]:
    """A database with the queue's tables of each kind, made when it is first asked for."""
    return {}


@pytest.fixture
def queue(
    tmp_path: Path, migrated: dict[str, str], databases: Databases, copied: Callable[[str], str]
) -> Iterator[Queue]:
    if databases.kind not in migrated:
        migrated[databases.kind] = databases.fresh()
        migrate_jobs(migrated[databases.kind])
    url = copied(migrated[databases.kind])
    engine, waiting = engine_for(url), JobQueue(url)
    yield Queue(url, tmp_path, waiting, sessions(engine))
    waiting.close()
    engine.dispose()


def test_every_job_has_a_worker() -> None:
    assert set(WORKER_OF) == set(Job)
    assert set(WORKER_OF.values()) == set(WorkerRole)


@pytest.mark.both_databases
def test_a_job_is_in_line_when_its_act_was_committed(queue: Queue) -> None:
    queue.enqueue(Job.LINK, "run-1")
    assert queue.lined_up() == ["link:run-1"]


@pytest.mark.both_databases
def test_a_job_is_not_in_line_when_its_act_was_rolled_back(queue: Queue) -> None:
    with queue.sessions() as session:
        queue.jobs.enqueue(session, Job.LINK, "run-1")
        session.rollback()
    assert queue.lined_up() == []


@pytest.mark.both_databases
def test_a_job_is_in_line_once_for_a_subject(queue: Queue) -> None:
    queue.enqueue(Job.LINK, "run-1", "run-1")
    queue.enqueue(Job.RECEIVE_CROSSWALK, "run-1")
    assert sorted(queue.lined_up()) == ["link:run-1", "receive-crosswalk:run-1"]


@pytest.mark.process
def test_jobs_are_done_once_in_order_and_only_by_their_worker(queue: Queue) -> None:
    queue.enqueue(Job.LINK, "run-1", "run-2")
    queue.enqueue(Job.ANSWER, "query-1")
    queue.work(WorkerRole.LINKAGE, 2)
    assert queue.told() == ["linkage link run-1", "linkage link run-2"]
    assert queue.states()["answer:query-1"] == "ENQUEUED"
    queue.work(WorkerRole.ANALYSIS, 3)
    assert queue.told()[2:] == ["analysis answer query-1"]
    assert set(queue.states().values()) == {"SUCCESS"}


@pytest.mark.process
@pytest.mark.both_databases
def test_two_workers_of_one_database_do_not_take_each_others_jobs(queue: Queue) -> None:
    for number in range(4):
        queue.enqueue(Job.CONTROL, f"query-{number}")
        queue.enqueue(Job.ANSWER, f"query-{number}")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda role: queue.work(role, 8), (WorkerRole.ANALYSIS, WorkerRole.GATE)))
    told = [tuple(line.split()[:2]) for line in queue.told()]
    assert set(told) == {("analysis", "answer"), ("gate", "control")}
    assert len(told) == 8


@pytest.mark.process
@pytest.mark.both_databases
def test_a_job_that_fails_is_tried_three_times_then_told_and_says_no_word(queue: Queue) -> None:
    queue.enqueue(Job.LINK, "bad-1", "good-1")
    log = queue.work(WorkerRole.LINKAGE, ATTEMPTS + 2)
    assert queue.told() == [
        *["linkage link bad-1"] * ATTEMPTS,
        "linkage failed-link bad-1",
        "linkage link good-1",
    ]
    assert queue.states() == {"link:bad-1": "ERROR", "link:good-1": "SUCCESS"}
    no_word_of(queue, log)
    faults = [json.loads(line) for line in log.splitlines()]
    assert [f["fault"] for f in faults if f["event"] == "job_failed"] == ["ValueError"] * ATTEMPTS


@pytest.mark.process
def test_a_failure_that_cannot_be_noted_says_no_word_either(queue: Queue) -> None:
    queue.enqueue(Job.LINK, "bad-twice")
    log = queue.work(WorkerRole.LINKAGE, ATTEMPTS + 1)
    assert queue.states() == {"link:bad-twice": "ERROR"}
    assert "LookupError" in log
    no_word_of(queue, log)


def no_word_of(queue: Queue, log: str) -> None:
    """Neither log nor any column of any table of the queue has anything of the message."""
    assert SECRET not in log
    engine = queue.sessions.kw["bind"]
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    there = sa.MetaData(schema)
    there.reflect(engine)
    with engine.connect() as connection:
        found = [str(row) for table in there.sorted_tables for row in connection.execute(sa.select(table))]
    assert found
    assert not any(SECRET in row for row in found)
    if schema is None:  # what was written over lies in the file still
        for path in file_of(queue.url).parent.glob(f"{file_of(queue.url).name}*"):
            assert SECRET.encode() not in path.read_bytes(), path.name


# --- one job's attempts


def a_log(file: io.StringIO) -> structlog.typing.FilteringBoundLogger:
    return logger("worker", file=file, strict=True)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_job_that_fails_at_first_is_done_in_the_end() -> None:
    tries: list[str] = []
    lines = io.StringIO()

    def handler(subject_id: str) -> None:
        tries.append(subject_id)
        if len(tries) < ATTEMPTS:
            raise OSError(SECRET)

    attempt(Job.LINK, handler, lambda *_: pytest.fail("told"), "run-1", log=a_log(lines))
    assert tries == ["run-1"] * ATTEMPTS
    assert SECRET not in lines.getvalue()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("also_failing", [False, True])
def test_a_job_that_failed_for_good_raises_its_name_alone(also_failing: bool) -> None:  # noqa: FBT001
    told: list[tuple[Job, str]] = []
    lines = io.StringIO()

    def handler(_: str) -> None:
        raise ValueError(SECRET)

    def failed(job: Job, subject_id: str) -> None:
        told.append((job, subject_id))
        if also_failing:
            raise ValueError(SECRET)

    with pytest.raises(JobFailed, match=r"^link$") as raised:
        attempt(Job.LINK, handler, failed, "run-1", log=a_log(lines))
    assert told == [(Job.LINK, "run-1")]
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert SECRET not in lines.getvalue()


# --- rows that the queue did not write


class RunsWhenRead:
    """What somebody who can write the database would have a worker run."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._target,)


def forged(queue: Queue, job_id: str, columns: Mapping[str, str]) -> None:
    """Write over columns of a job in line."""
    with queue.sessions.begin() as session:
        for column, value in columns.items():
            session.execute(
                sa.text(f"UPDATE workflow_status SET {column} = :value WHERE workflow_uuid = :id"),
                {"value": value, "id": job_id},
            )


@pytest.mark.process
def test_a_row_that_says_it_is_a_pickle_runs_nothing(queue: Queue, tmp_path: Path) -> None:
    queue.enqueue(Job.LINK, "run-1", "run-2")
    made = tmp_path / "made by the row"
    pickled = pickle.dumps({"args": (RunsWhenRead(made),), "kwargs": {}})
    text = base64.b64encode(pickled).decode()
    forged(queue, "link:run-1", {"serialization": "py_pickle", "inputs": text})
    queue.work(WorkerRole.LINKAGE, 1)
    assert queue.told() == ["linkage link run-2"]
    assert queue.states()["link:run-1"] == "ERROR"
    assert not made.exists()
    pickle.loads(pickled)
    assert made.exists()  # it would have


def test_no_reader_of_the_queue_reads_a_pickle(tmp_path: Path) -> None:
    text = base64.b64encode(pickle.dumps(RunsWhenRead(tmp_path / "made"))).decode()
    for reader in (deserialize_value, deserialize_args, deserialize_exception):
        with pytest.raises(jobs.PickleRefused):
            reader(text, "py_pickle", DBOSPortableJSONSerializer())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "subject", ["../../vault/gate/x", "/srv/tre/vault", "", ".", "a/b", "a\nb", "a" * 64]
)
def test_a_subject_that_would_name_another_file_is_not_begun_and_is_told(subject: str) -> None:
    told: list[str] = []
    with pytest.raises(JobFailed, match=r"^link$"):
        attempt(
            Job.LINK,
            lambda _: pytest.fail("begun"),
            lambda _, failed: told.append(failed),
            subject,
            log=a_log(io.StringIO()),
        )
    assert told == [subject]
