"""Each role as it is started: its user, its groups, its settings and the folders of an installation."""

from __future__ import annotations

import errno
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.jobs import WorkerRole
from service.operate.folders import FIRST_UID, groups_of, user_of
from service.operate.installation import Home, Installation, create, environment
from service.operate.supervise import can_run_as

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        os.geteuid() != 0 or not can_run_as(FIRST_UID + 1, FIRST_UID, sys.executable),
        reason="needs root, and an interpreter that another user can run",
    ),
]
HOSTILE_WORKER = Path(__file__).parent / "hostile_worker.py"
FURTHER: dict[str, str] = {}
"""Settings that a test changes."""
REFUSALS = {errno.EPERM, errno.EACCES, -signal.SIGSYS}


@pytest.fixture
def home() -> Iterator[Home]:
    # Not below tmp_path, which is closed to other users, nor where workers keep temporary files.
    with tempfile.TemporaryDirectory(prefix="tre-sandbox-test-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        made = Home(Path(folder) / "home")
        create(made, Installation(port=8700, separate_users=True), random=secrets.token_bytes)
        yield made


def report(home: Home, role: str, *, act: str = "role", network: bool = True) -> Any:
    """What a worker of that role measures, started as `tre-operate up` starts it."""
    uid, gid = user_of(role)
    groups = [f"--group={group}" for group in groups_of(role)]
    launcher = ["-P", "-m", "service.sandbox.start", "--uid", str(uid), "--gid", str(gid), *groups]
    launcher += ["--own-network"] if network else []
    program = [sys.executable, str(HOSTILE_WORKER), act, role]
    done = subprocess.run(
        [sys.executable, *launcher, "--parent", str(os.getpid()), "--", *program],
        env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", **environment(home, role), **FURTHER},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("role", WorkerRole)
def test_every_attempt_of_every_role_is_refused(home: Home, role: WorkerRole) -> None:
    told = report(home, role.value)
    assert (told["state"], told["open"], told["not_taken"]) == ("full", [], [])
    assert told["tried"] >= 60


def test_every_attempt_of_the_api_but_listening_is_refused(home: Home) -> None:
    told = report(home, "api", act="api", network=False)
    assert (told["isolation"], told["open"]) == ("full", [])


def test_an_api_that_does_not_close_itself_in_says_what_is_open(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FURTHER, "TRE_SANDBOX", "false")
    told = report(home, "api", act="api", network=False)
    assert told["isolation"] == "reduced"
    assert {"ptrace", "execve", "connection to loopback", "folders that are not its own"} <= set(told["open"])
    assert "IPv4 socket" not in told["open"]


HOLES: dict[str, tuple[Callable[[Home], object], set[str]]] = {
    "a vault that others pass through": (
        lambda home: home.vault("gate").chmod(0o711),
        {"enter vault of gate"},
    ),
    "keys that the group lists": (
        lambda home: home.keys("analysis").chmod(0o750),
        {"read keys of analysis", "enter keys of analysis"},
    ),
    "governance's folder open": (
        lambda home: home.governance_key.parent.chmod(0o755),
        {"read keys of governance", "enter keys of governance"},
    ),
    "releases that the group writes": (
        lambda home: (home.root / "spool" / "releases").chmod(0o2770),
        {"write to spool/releases"},
    ),
    "a status that all write": (
        lambda home: (home.root / "status" / "gate").chmod(0o2777),
        {"write to status/gate"},
    ),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_planted_hole_is_named(home: Home, hole: str) -> None:
    plant, names = HOLES[hole]
    plant(home)
    told = report(home, "linkage", act="role-without-landlock")
    assert (told["state"], set(told["open"])) == ("reduced", names | {"folders that are not its own"})
    # The second wall: a role has nothing to read there. Asking for a name is not refused by it.
    assert not [name for name in report(home, "linkage")["open"] if name.startswith("read ")]


def test_the_machines_network_is_named(home: Home) -> None:
    assert report(home, "log", network=False)["open"] == ["network address"]


def test_a_role_without_its_sandbox_is_open_to_the_kernel_and_not_to_others_files(home: Home) -> None:
    told = report(home, "gate", act="role-bare")
    assert told["state"] == "reduced"
    assert {"IPv4 socket", "execve", "ptrace", "memory writable and executable"} <= set(told["open"])
    assert not [name for name in told["open"] if name.startswith(("read ", "enter ", "write to "))]


def test_nothing_is_refused_to_whom_nothing_was_taken() -> None:
    done = subprocess.run(
        [sys.executable, str(HOSTILE_WORKER), "outcomes-bare"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    refused = {name for name, code in json.loads(done.stdout).items() if code in REFUSALS}
    assert refused == set()
