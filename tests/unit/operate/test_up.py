"""`tre-operate up`, but for the processes themselves, which the journeys start."""

from __future__ import annotations

import json
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from service.command_line import run as run_tool
from service.operate import up
from service.operate.folders import PROCESSES
from service.operate.installation import Home, Installation, create
from service.operate.main import app
from service.operate.supervise import Happening, Notice, Program
from tests.factories import NOON


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    create(made, Installation(port=8700, separate_users=False), random=secrets.token_bytes)
    return made


def test_what_is_said_of_the_database_follows_its_roles(home: Home) -> None:
    assert "which all processes share" in up.of_database(home)
    home.file.write_text(home.read().model_copy(update={"database_roles": True}).to_json())
    assert "a role of its own" in up.of_database(home)


def test_the_five_programs_are_told_only_what_is_theirs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRE_RELEASE_KEY", "of the operator's own shell")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    programs = {program.name: program for program in up.programs(home)}
    assert tuple(programs) == PROCESSES
    for name, program in programs.items():
        assert program.argv[0] == sys.executable
        assert "canary" not in str(program.environment)
        assert set(program.environment) <= {*up.PASSED_ON, *up.CLUSTER} | {
            n for n in program.environment if n[:4] == "TRE_"
        }
        assert (program.uid, program.own_network_namespace) == (None, name != "api")
    assert "TRE_RELEASE_KEY" not in programs["api"].environment
    assert programs["gate"].environment["TRE_RELEASE_KEY"].endswith("gate/release.jwk")


def test_the_linkage_worker_alone_is_told_of_a_cluster(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRE_PROFILE", "cluster")
    monkeypatch.setenv("TRE_SPARK_MASTER", "local[2]")
    programs = {program.name: program for program in up.programs(home)}
    told = [name for name, one in programs.items() if "TRE_SPARK_MASTER" in one.environment]
    cut_off = {name for name, one in programs.items() if one.own_network_namespace}
    assert (told, cut_off) == (["linkage"], {"analysis", "gate", "log"})


def status(home: Home, process: str, *opened: str) -> None:
    said = {"role": process, "isolation": "reduced" if opened else "full", "open": list(opened)}
    aside = home.root / "status" / process / ".aside"  # as processes do: a reader never sees half a file
    aside.write_text(json.dumps(said))
    aside.replace(home.root / "status" / process / "status.json")


def test_isolation_is_said_once_for_each_process_then_ready(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    status(home, "gate", "left from before")
    said: list[str] = []

    def supervise(programs: Sequence[Program], *, stop: Event, pids_path: Path, **how: object) -> None:
        assert not (home.root / "status" / "gate" / "status.json").exists()
        tell = how["on_event"]
        assert callable(tell)
        for program in programs:
            tell(Notice(NOON, program.name, Happening.STARTED, 7))
            status(home, program.name, *(("network",) if program.name == "api" else ()))
        for _ in range(500):
            if "ready" in said:
                break
            stop.wait(0.01)
        tell(Notice(NOON, "api", Happening.ENDED, 7, 0))
        assert pids_path == home.root / "pids.json"
        stop.set()

    monkeypatch.setattr(up, "supervise", supervise)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda line, **_: said.append(line))
        assert run_tool(app, ["up", str(home.root)]) == 0
    assert said.count("api: started, process 7") == 1
    assert said.count("api: isolation reduced; open: network") == 1
    assert said.count("gate: isolation full") == 1
    assert said[-2:] == ["ready", "api: ended, exit code 0"]


def test_nobody_is_ready_who_was_stopped_before(home: Home) -> None:
    stop, said = Event(), list[str]()
    stop.set()
    up._tell_isolation(home.root / "status", "of the database", stop, said.append)
    assert said == []
