"""The api is taken over: as its own user it tries to read, forge and change, beside the running workers.

`attempts.csv` says of each attempt what refuses it and where it is entered.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT
from service.operate.folders import user_of
from service.operate.installation import environment
from tests.attacks.hostile_api.forgeries import PATH
from tests.running import Running, until

pytestmark = [pytest.mark.process, pytest.mark.enable_socket]

TABLE = Path(__file__).parent / "attempts.csv"
ROOT = Path(__file__).parents[3]
OF_THE_KERNEL, OF_THE_DATABASE, OF_THE_QUEUE = "kernel", "database", "queue"
SETTLED = {
    "query": "SELECT state, code FROM query WHERE id = ?",
    "linkage_run": "SELECT state, code FROM linkage_run WHERE id = ?",
    "release": "SELECT state, code FROM release WHERE id = ?",
    "submission": "SELECT s.state, p.code FROM submission s JOIN submission_part p ON p.submission_id = s.id "
    "WHERE s.id = ? AND p.code IS NOT NULL",
    "withdrawal": "SELECT 'refused', code FROM withdrawal WHERE id = ? AND code IS NOT NULL",
    "workflow_status": "SELECT status, serialization FROM workflow_status WHERE workflow_uuid = ?",
}
OPEN = {"ASKED", "ANSWERED", "asked", "answered", "LINKED", "APPROVED", "ENQUEUED", "PENDING"}


def listed() -> list[dict[str, str]]:
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def names(refused_by: str) -> list[str]:
    return [row["attempt"] for row in listed() if row["refused_by"].startswith(refused_by)]


OF_WORKERS = [row["attempt"] for row in listed() if " worker: " in row["refused_by"]]


@pytest.fixture(scope="module")
def workers(running: Running) -> Running:
    if not running.home.read().separate_users:
        pytest.skip("needs root: here the api's user is everybody's")
    return running


def taken_over(running: Running, act: str, told: Mapping[str, object]) -> Any:
    """What the hostile program says of itself."""
    uid, gid = user_of("api")
    done = subprocess.run(
        [sys.executable, "-m", "tests.attacks.hostile_api.program", act, json.dumps(told)],
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", **environment(running.home, "api")},
        cwd=ROOT,
        user=uid,
        group=gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def reached(workers: Running, released: str) -> dict[str, str]:
    assert released
    pids = json.loads((workers.demo.home / "pids.json").read_text())
    supervisor = int(Path(f"/proc/{pids['gate']}/stat").read_text().rpartition(")")[2].split()[1])
    answer: dict[str, str] = taken_over(workers, "reach", {"pids": pids, "supervisor": supervisor})
    assert json.loads((workers.demo.home / "pids.json").read_text()) == pids
    return answer


@pytest.fixture(scope="module")
def edited(workers: Running) -> dict[str, str]:
    answer: dict[str, str] = taken_over(workers, "edit-log", {})
    return answer


@pytest.fixture(scope="module")
def forged(workers: Running, released: str, second: str) -> dict[str, tuple[str, str, list[str]]]:
    """What became of each forgery: state, code, and how it was entered."""
    awaiting = [workers.ask(), workers.ask(), workers.ask()]
    assert {workers.answered(query_id) for query_id in awaiting} == {"controlled"}
    mark = workers.mark()
    told = {"project": PROJECT, "other_project": second, "question": released, "awaiting": awaiting}
    made: dict[str, list[str]] = taken_over(workers, "forge", told)

    def found(name: str) -> tuple[str, str] | None:
        rows = workers.rows(SETTLED[made[name][0]], made[name][1])
        return (str(rows[0][0]), str(rows[0][1])) if rows and str(rows[0][0]) not in OPEN else None

    until("has every forgery been looked at?", lambda: all(found(name) for name in made))
    entries = workers.entries(mark)
    return {
        name: (*(found(name) or ("", "")), [e["action"] for e in entries if e["subject"] == subject])
        for name, (_, subject) in made.items()
    }


def test_every_attempt_is_in_the_table_and_every_row_was_tried(
    reached: dict[str, str], edited: dict[str, str], forged: dict[str, Any]
) -> None:
    tried = [*reached, *edited, *forged]
    assert sorted(tried) == sorted(row["attempt"] for row in listed())
    assert len(tried) >= 30


@pytest.mark.parametrize("attempt", names(OF_THE_KERNEL))
def test_the_kernel_refuses(reached: dict[str, str], attempt: str) -> None:
    [row] = [row for row in listed() if row["attempt"] == attempt]
    assert f"{OF_THE_KERNEL}: {reached[attempt]}" == row["refused_by"]


@pytest.mark.parametrize("attempt", names(OF_THE_DATABASE))
def test_the_database_refuses(edited: dict[str, str], attempt: str) -> None:
    [row] = [row for row in listed() if row["attempt"] == attempt]
    assert f"{OF_THE_DATABASE}: {edited[attempt]}" == row["refused_by"]


@pytest.mark.parametrize("attempt", OF_WORKERS)
def test_a_worker_refuses_and_says_so_in_the_log(
    forged: dict[str, tuple[str, str, list[str]]], attempt: str
) -> None:
    state, code, actions = forged[attempt]
    [row] = [row for row in listed() if row["attempt"] == attempt]
    assert row["refused_by"].partition(": ")[2] == code, (state, code, actions)
    assert row["entered_as"] in actions


@pytest.mark.parametrize("attempt", names(OF_THE_QUEUE))
def test_a_job_that_the_queue_did_not_write_is_not_begun(
    forged: dict[str, tuple[str, str, list[str]]], attempt: str
) -> None:
    state, _, actions = forged[attempt]
    assert (state, actions) == ("ERROR", [])


def test_nothing_of_the_forgeries_is_on_the_disk(workers: Running, forged: dict[str, Any]) -> None:
    assert forged
    assert not [name for name in workers.spool() if "attempt" in name]
    assert not list(workers.home.vault("gate").rglob("*attempt*"))
    assert not list(Path("/tmp").glob("attempt-*"))  # what the pickle would have made
    assert PATH.endswith("attempt")


def test_the_service_goes_on(workers: Running, forged: dict[str, Any]) -> None:
    assert forged
    assert workers.answered(workers.ask()) == "controlled"
