"""A worker that was taken over tries to get out: real processes, the real kernel."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.operate.supervise import can_run_as

pytestmark = pytest.mark.process

HOSTILE_WORKER = Path(__file__).parent / "hostile_worker.py"
ANOTHER_USER = 64_001
ENVIRONMENT = {"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "2"}
AS_ANOTHER_USER = ("--uid", str(ANOTHER_USER), "--gid", str(ANOTHER_USER))

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not can_run_as(ANOTHER_USER, ANOTHER_USER, sys.executable),
    reason="needs root, and an interpreter that another user can run",
)
needs_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="i386 calls exist on x86_64 only")


def run(*arguments: str, environment: Mapping[str, str] = ENVIRONMENT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def hostile(*acts: str, started: tuple[str, ...] | None = None) -> Any:
    """What the worker reports; `started` are the launcher's options, without them it is started plainly."""
    launcher = ("-m", "service.sandbox.start", "--parent", str(os.getpid()), *(started or ()), "--")
    prefix = () if started is None else (*launcher, sys.executable)
    done = run(*prefix, str(HOSTILE_WORKER), *acts)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def keys_of_gate(tmp_path: Path) -> str:
    folder = tmp_path / "gate"
    folder.mkdir(mode=0o700)
    (folder / "release.key").write_text("secret")
    (folder / "release.key").chmod(0o400)
    return f"keys of gate={folder}"


@pytest.fixture
def key_of_gate(keys_of_gate: str) -> str:
    return f"key of gate={keys_of_gate.partition('=')[2]}/release.key"


def test_a_worker_without_the_sandbox_is_reported_reduced(keys_of_gate: str, key_of_gate: str) -> None:
    report = hostile("measure-bare", keys_of_gate, key_of_gate)
    assert report["state"] == "reduced"
    planted = {"IPv4 socket", "IPv6 socket", "netlink socket", "ptrace", "execve", "network address"}
    planted |= {"written memory made executable", "memory writable and executable"}
    planted |= {"set-user-ID file", "shared memory segment"}
    planted |= {"folders that are not its own", "connection to loopback"}
    planted |= {"read keys of gate", "enter keys of gate", "read key of gate"}
    assert planted <= set(report["open"])


@needs_root
def test_a_worker_of_its_own_user_and_network_is_fully_isolated(keys_of_gate: str, key_of_gate: str) -> None:
    report = hostile("measure", keys_of_gate, key_of_gate, started=(*AS_ANOTHER_USER, "--own-network"))
    assert report == {"state": "full", "open": [], "tried": report["tried"], "not_taken": []}
    assert report["tried"] >= 30


@needs_root
def test_without_the_filter_a_user_and_a_network_are_not_enough() -> None:
    report = hostile("measure-bare", started=(*AS_ANOTHER_USER, "--own-network"))
    assert report["state"] == "reduced"
    assert {"IPv4 socket", "netlink socket", "ptrace", "execve"} <= set(report["open"])


@needs_root
def test_without_a_network_of_its_own_the_address_is_named() -> None:
    report = hostile("measure", started=AS_ANOTHER_USER)
    assert (report["state"], report["open"]) == ("reduced", ["network address"])


def test_a_worker_of_the_same_user_is_reduced_by_the_keys_it_can_read(
    keys_of_gate: str, key_of_gate: str
) -> None:
    report = hostile("measure", keys_of_gate, key_of_gate)
    assert report["state"] == "reduced"
    assert {"read keys of gate", "enter keys of gate", "read key of gate"} <= set(report["open"])
    of_files = {name for name in report["open"] if "gate" in name or name == "write to the code"}
    assert set(report["open"]) - of_files <= {"network address", "parent's mem", "parent's environ"}


@needs_root
def test_a_worker_beside_a_cluster_is_cluster_and_never_full() -> None:
    report = hostile("measure-cluster", started=(*AS_ANOTHER_USER, "--own-network"))
    assert (report["state"], report["open"]) == ("cluster", ["IPv4 socket", "folders that are not its own"])


@needs_root
def test_beside_a_cluster_without_a_list_of_addresses_it_is_reduced() -> None:
    """Where this machine reaches no other one at all, nothing is left to be listed."""
    report = hostile("measure-cluster", started=AS_ANOTHER_USER)
    by_design = {"IPv4 socket", "connection to loopback", "network address", "folders that are not its own"}
    assert set(report["open"]) - {"unlisted address"} == by_design
    assert report["state"] == ("reduced" if "unlisted address" in report["open"] else "cluster")


@needs_root
def test_what_starts_java_is_filtered_too() -> None:
    report = hostile("measure-bare", started=(*AS_ANOTHER_USER, "--java"))
    assert {"IPv4 socket", "execve", "memory writable and executable"} <= set(report["open"])
    assert not {"ptrace", "bpf", "io_uring_setup", "netlink socket", "IPv6 socket"} & set(report["open"])


@needs_root
def test_the_cluster_filter_in_a_local_worker_is_reduced() -> None:
    assert hostile("measure-cluster-as-local", started=AS_ANOTHER_USER)["state"] == "reduced"


def test_a_thread_from_before_the_sandbox_is_inside_it() -> None:
    assert hostile("thread") == {"answer": ["EPERM"], "not_taken": []}


def test_no_program_can_be_started() -> None:
    assert hostile("exec")["started"] is False


@needs_x86
def test_a_thirty_two_bit_call_kills_the_worker(tmp_path: Path) -> None:
    assert run(str(HOSTILE_WORKER), "int80-bare", str(tmp_path)).returncode in {0, -signal.SIGSEGV}
    assert run(str(HOSTILE_WORKER), "int80", str(tmp_path)).returncode == -signal.SIGSYS


def test_the_kernel_confirms_each_step() -> None:
    told = hostile("limits")
    assert told["not_taken"] == []
    assert (told["NoNewPrivs"], told["Seccomp"], told["dumpable"]) == ("1", "2", 0)
    assert {told[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}
    assert told["core"] == [0, 0]


def test_the_sandbox_may_be_applied_twice() -> None:
    assert hostile("twice")["not_taken"] == []


@pytest.mark.parametrize("when", ["work-before-import", "work-after-import"])
def test_the_work_can_be_done_inside(when: str) -> None:
    done = hostile(when)
    assert done == {"total": 49_995_000, "rows": 1, "product": 256.0, "sealed": 17, "not_taken": []}


def test_noise_can_be_drawn_inside() -> None:
    assert hostile("noise") == {"counts": 5, "near": True, "not_taken": []}


@needs_root
def test_the_launcher_leaves_no_right_and_no_group() -> None:
    told = hostile("limits-bare", started=AS_ANOTHER_USER)
    assert told["Uid"].split() == told["Gid"].split() == [str(ANOTHER_USER)] * 4
    assert told["Groups"] == ""
    assert {told[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}
    assert told["NoNewPrivs"] == "1"


def test_the_launcher_takes_capabilities_from_root_too() -> None:
    told = hostile("limits-bare", started=())
    assert {told[name] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {"0" * 16}


def launched(*options: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "service.sandbox.start", *options)


def test_the_launcher_starts_nothing_for_a_supervisor_that_has_gone() -> None:
    done = launched("--parent", "1", "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (os.EX_NOPERM, "")
    assert "supervisor has gone" in done.stderr


def test_the_launcher_names_what_it_could_not_execute() -> None:
    done = launched("--parent", str(os.getpid()), "--", "/nowhere/program")
    assert done.returncode == 126
    assert "cannot execute the program: No such file or directory" in done.stderr


def test_the_launcher_wants_user_and_group_together() -> None:
    done = launched("--parent", str(os.getpid()), "--uid", "1", "--", "/bin/true")
    assert done.returncode == 2
    assert "--uid and --gid go together" in done.stderr


@needs_root
def test_the_launcher_of_a_user_cannot_become_another() -> None:
    command = [sys.executable, "-m", "service.sandbox.start", "--parent", str(os.getpid())]
    command += ["--own-network", "--uid", "64002", "--gid", "64002", "--", "/bin/true"]
    as_user: Any = {"user": ANOTHER_USER, "group": ANOTHER_USER, "extra_groups": []}
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=20, check=False, **as_user
    )
    assert done.returncode == os.EX_NOPERM
    assert "no network namespace of its own" in done.stderr
    assert "cannot drop rights" in done.stderr
    assert "start as root or give no uid" in done.stderr
