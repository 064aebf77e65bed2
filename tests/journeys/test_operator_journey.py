"""An operator runs the machine: isolation as measured and shown, linkage by figures, keys revoked."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linkage_engine.disclosure.rounding import midpoint6
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.laboratory.demo.truth import linkage_scores
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.client import RemoteProblem
from service.clock import utc_now
from service.destructions.repetition import FILE, Orders, ProjectOrder
from service.operate.folders import PROCESSES
from service.operate.installation import Home
from service.operate.supervise import supervise
from service.operate.up import isolation_line, programs
from service.pages.health import processes
from tests.running import PROVIDERS, Running, until

pytestmark = pytest.mark.process


def test_health_and_up_say_the_same_of_isolation(running: Running) -> None:
    shown = running.http().get("/health").json()["processes"]
    assert {process["role"] for process in shown} == set(PROCESSES)
    said = {line for line in running.demo.facts["service"].splitlines() if ": isolation " in line}
    assert {isolation_line(process) for process in shown} == said
    assert "isolation says nothing of the control database" in running.demo.facts["service"]
    if running.home.read().separate_users:
        assert {process["isolation"] for process in shown} == {"full"}
        assert all(process["open"] == [] for process in shown)


def test_every_worker_entered_its_isolation_when_it_started(running: Running) -> None:
    shown = running.http().get("/health").json()["processes"]
    measured = {process["role"]: process["isolation"] for process in shown if process["role"] != "api"}
    entries = running.entries(action="worker:start")
    assert {entry["subject"]: entry["detail"]["isolation"] for entry in entries} == measured


def test_an_operator_sees_figures_that_agree_with_the_truth(running: Running) -> None:
    run = running.demo.facts["linkage_run"]
    [(pair, figures)] = run["figures"]["pairs"].items()
    assert pair == ":".join(sorted(PROVIDERS))
    keys = {provider: running.demo.at(provider, "person-keys.csv") for provider in PROVIDERS}
    truth = running.demo.out / "providers" / "truth.csv"
    scores = linkage_scores(running.demo.home, PROJECT, keys, truth)
    [found] = midpoint6(np.array([scores.found])).tolist()
    assert figures["links"] == {"value": found, "status": ""}
    assert scores.precision > 0.97
    assert scores.recall > 0.97
    assert set(run) == {
        *("run_id", "project_id", "asked_by", "asked_at", "in_full", "state"),
        *("submissions", "figures", "records", "code"),
    }


def test_a_revoked_key_is_refused_at_the_next_request(running: Running, tmp_path: Path) -> None:
    folder = running.demo.keys("former-reviewer")
    running.tool(
        "tre-operate",
        "keys",
        folder,
        "Former reviewer",
        "--id",
        "former-reviewer",
        "--role",
        "audit_reviewer",
    )
    running.tool("tre-operate", "register", running.demo.home, folder / "public.json")
    client = running.client("former-reviewer")
    assert client.get("/log/entries", limit=1)
    running.tool("tre-operate", "revoke", running.demo.home, "former-reviewer")
    with pytest.raises(RemoteProblem) as refused:
        client.get("/log/entries", limit=1)
    assert (refused.value.status, refused.value.slug) == (401, "not-signed-in")
    actions = {e["action"] for e in running.entries() if e["subject"] == "former-reviewer"}
    assert {"principal:register", "key:revoke"} <= actions


@pytest.fixture(scope="module")
def another_home(running: Running) -> Home:
    """A second installation on the same machine."""
    home = Home(running.demo.out / "another-home")
    running.tool("tre-operate", "init", home.root, "--port", "0")
    return home


@contextmanager
def only(home: Home, process: str, **planted: str) -> Iterator[None]:
    """One process of an installation, supervised, with settings planted in its environment."""
    [program] = [one for one in programs(home) if one.name == process]
    program = replace(program, environment={**program.environment, **planted})
    stop = threading.Event()
    thread = threading.Thread(
        target=supervise,
        args=([program],),
        kwargs={
            "stop": stop,
            "clock": utc_now,
            "on_event": lambda _: None,
            "pids_path": home.root / "pids.json",
        },
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=30)


def test_a_worker_without_its_sandbox_says_so(another_home: Home) -> None:
    status = another_home.root / "status"
    with only(another_home, "gate", TRE_SANDBOX="false"):
        until("has the gate measured itself?", lambda: bool(processes(status)))
        [shown] = processes(status)
    assert (shown.role, shown.isolation) == ("gate", "reduced")
    assert {"IPv4 socket", "execve", "ptrace"} <= set(shown.open)
    assert isolation_line(shown.model_dump(mode="json")).startswith("gate: isolation reduced; open: ")


def test_a_restored_installation_destroys_again_before_it_takes_a_job(
    running: Running, another_home: Home
) -> None:
    data, keys = running.demo.out / "backup-data", running.demo.out / "backup-keys"
    again = Home(running.demo.out / "restored-home")
    running.tool("tre-operate", "backup", another_home.root, data, "--keys", keys)
    assert "Newest checkpoint unsaid" in running.tool(
        "tre-operate", "restore", again.root, data, "--keys", keys, expect=1
    )
    running.tool("tre-operate", "restore", again.root, data, "--keys", keys, "--behind")
    orders = again.vault("linkage") / FILE
    closed = ProjectOrder(entry_id="ab" * 16, project_id="closed-since")
    orders.write_text(Orders(orders=(closed,)).to_json())
    with only(again, "linkage"):
        until("has the worker obeyed?", lambda: not orders.exists())
    vault = Vault(again.vault("linkage"), Keystore.from_file(again.keys("linkage") / "at-rest.key"))
    assert vault.names("closed-since") == (f"closed/{closed.entry_id}",)
    with closing(sqlite3.connect(again.root / "control" / "control.db")) as database:
        entered = database.execute(
            "SELECT actor, subject FROM audit_entry WHERE action = 'destruction:repeat'"
        )
        assert entered.fetchall() == [("worker-linkage", closed.entry_id)]


def test_the_operators_tools_print_no_figure_of_a_person(running: Running) -> None:
    said = json.dumps(running.demo.facts["linkage_run"])
    for provider in PROVIDERS:
        for line in running.demo.at(provider, "person-keys.csv").read_text().splitlines()[1:50]:
            assert not any(value in said for value in line.split(","))
