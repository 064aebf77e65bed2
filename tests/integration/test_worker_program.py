"""tre-worker from its environment to its end, in a process of its own or in this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from service.audit.vocabulary import Action
from service.jobs import Duties, WorkerRole
from service.locks import only_one
from service.operate.installation import environment
from service.settings import GateSettings, settings_for
from service.worker import main as program
from service.worker.main import ALREADY_RUNNING, USAGE, close_in, work
from service.worker.roles import Surroundings
from tests.integration.conftest import At
from tests.integration.workshop import Workshop
from tests.outside_checks import environment_without_ours


def environment_of(shop: Workshop, role: str) -> dict[str, str]:
    return {**environment(shop.home, role), "TRE_SANDBOX": "false", "TRE_POLL_SECONDS": "0.05"}


@pytest.mark.parametrize("arguments", [[], ["nobody"]])
def test_a_role_that_is_none_is_a_usage_error(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tre-worker", *arguments])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == USAGE
    assert "linkage|analysis|gate|log" in capsys.readouterr().err


def test_a_second_worker_of_a_role_ends_at_once(at: At, capsys: pytest.CaptureFixture[str]) -> None:
    shop = at("opened")
    umask = os.umask(0o022)
    try:
        with only_one(shop.home.root / "status" / "gate") as alone:
            assert alone
            assert work(WorkerRole.GATE, environment_of(shop, "gate")) == ALREADY_RUNNING
    finally:
        os.umask(umask)
    assert "worker_already_running" in capsys.readouterr().err
    assert not (shop.home.root / "status" / "gate" / "status.json").exists()


@pytest.mark.process  # forks for each attempt: slow in a process as large as the measured one
def test_an_open_door_is_measured_as_open(at: At) -> None:
    """Without the sandbox this very process may do what a worker may not."""
    shop = at("opened")
    settings = settings_for(GateSettings, environment_of(shop, "gate"))
    isolation = close_in(settings, shop.surroundings(WorkerRole.GATE))
    assert isolation.state.value == "reduced"
    assert "isolation_measured" in shop.log.getvalue()


@pytest.mark.process
def test_a_worker_does_its_jobs_until_it_is_told_to_end(at: At) -> None:
    shop = at("answered")
    process = subprocess.Popen(
        [sys.executable, "-m", "service.worker", "gate"],
        env={**environment_without_ours(), **environment_of(shop, "gate")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 40
        while shop.query(shop.ids["query"]).state.value == "answered" and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.1)
        assert shop.query(shop.ids["query"]).state.value == "controlled"
        status = json.loads((shop.home.root / "status" / "gate" / "status.json").read_text())
        assert (status["role"], status["isolation"], status["pid"]) == ("gate", "reduced", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    starts = [e for e in shop.entries() if e.action is Action.WORKER_START]
    assert [(e.actor, e.subject) for e in starts] == [("worker-gate", "gate")]


def test_a_standing_task_that_fails_ends_the_worker_and_says_its_kind_only(at: At) -> None:
    shop = at("opened")
    stop = threading.Event()

    def task(_: threading.Event) -> None:
        raise LookupError("CANARY")

    program._beside(task, stop, shop.surroundings(WorkerRole.LOG))
    assert stop.wait(5)
    assert json.loads(shop.log.getvalue())["fault"] == "LookupError"
    assert "CANARY" not in shop.log.getvalue()


@pytest.mark.process  # forks for each attempt: slow in a process as large as the measured one
def test_a_worker_runs_what_its_role_says(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of `work` but for the queue, which is DBOS's one instance in a process."""
    shop = at("opened")
    ran: list[tuple[WorkerRole, bool]] = []

    def run_jobs(role: WorkerRole, url: str, duties: Duties, **kw: object) -> None:
        stop = kw["stop"]
        assert isinstance(stop, threading.Event)
        time.sleep(0.2)
        ran.append((role, duties.beside is not None))
        stop.set()

    monkeypatch.setattr(program, "run_jobs", run_jobs)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    umask = os.umask(0o022)
    try:
        for role in ("log", "linkage"):
            assert work(WorkerRole(role), environment_of(shop, role)) == 0
    finally:
        os.umask(umask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert ran == [(WorkerRole.LOG, True), (WorkerRole.LINKAGE, False)]
    assert (shop.home.root / "status" / "log" / "status.json").exists()


def test_the_lock_of_a_role_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path / "gate") as alone:
            assert alone


def test_a_role_knows_the_spool_and_nothing_of_http(at: At) -> None:
    surroundings: Surroundings = at("opened").surroundings(WorkerRole.GATE)
    assert surroundings.hand_overs.spool == surroundings.spool
