"""A worker of its own process: does jobs with handlers that only write down what they were told.

`python job_worker.py URL ROLE DIARY JOBS`: ends after so many lines in the diary, or after 20 seconds.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from service import jobs
from service.jobs import WORKER_OF, Duties, Job, WorkerRole, run_jobs
from service.logs import logger

SECRET = "CANARY-943-476-5919"
LIMIT_SECONDS = 20


def main(url: str, role: WorkerRole, diary: Path, lines: int) -> None:
    stop = threading.Event()

    def write(word: str, subject_id: str) -> None:
        with diary.open("a") as file:
            file.write(f"{role.value} {word} {subject_id}\n")

    def handler(job: Job, subject_id: str) -> None:
        write(job.value, subject_id)
        if subject_id.startswith("bad"):
            raise ValueError(SECRET)

    def failed(job: Job, subject_id: str) -> None:
        write(f"failed-{job.value}", subject_id)
        if subject_id.startswith("bad-twice"):
            raise LookupError(SECRET)

    def end() -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline and len(_lines(diary)) < lines:
            time.sleep(0.05)
        time.sleep(0.3)  # what comes after the last line, and would be one too many
        stop.set()

    threading.Thread(target=end, daemon=True).start()
    jobs.RETRY_SECONDS = 0.01
    handlers = {
        job: (lambda subject_id, job=job: handler(job, subject_id))
        for job, worker in WORKER_OF.items()
        if worker is role
    }
    duties = Duties(handlers, failed)
    run_jobs(role, url, duties, stop=stop, poll_seconds=0.05, log=logger("worker", strict=True))


def _lines(diary: Path) -> list[str]:
    return diary.read_text().splitlines() if diary.exists() else []


if __name__ == "__main__":
    main(sys.argv[1], WorkerRole(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
