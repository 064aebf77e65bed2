"""The steps of sandbox and launcher, in order and where the kernel says no (tests/attacks: the real one)."""

from __future__ import annotations

import errno
import os
import resource
import runpy
import signal
import struct
import sys

import pytest

from service.sandbox import apply as applying
from service.sandbox import start
from service.sandbox.apply import apply_sandbox, drop_to, enter_namespace
from service.sandbox.filter import Profile, program
from service.sandbox.kernel import Architecture

MDWE, NO_NEW_PRIVS, DUMPABLE, PDEATHSIG = 65, 38, 4, 1


class Kernel:
    """Takes every call down, and answers or refuses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str | int, ...]] = []
        self.refuses: set[str | int] = set()
        self.answer = 0
        self.program = b""
        monkeypatch.setattr(applying, "prctl", self.prctl)
        monkeypatch.setattr(start, "prctl", self.prctl)
        monkeypatch.setattr(applying, "system_call", self.system_call)
        monkeypatch.setattr(resource, "setrlimit", lambda which, to: self.note("setrlimit", which, *to))
        for name in ("setgroups", "setresgid", "setresuid"):
            monkeypatch.setattr(os, name, lambda *a, name=name: self.note(name, *(a if a != ([],) else ())))

    def note(self, name: str | int, *rest: int) -> int:
        self.asked.append((name, *rest))
        if name in self.refuses:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        return self.answer

    def prctl(self, option: int, *arguments: int) -> int:
        return self.note(option, *arguments)

    def system_call(self, name: str, *arguments: int | bytes) -> int:
        if name == "seccomp":
            self.program = bytes(arguments[2])
        return self.note(name, *(each for each in arguments if isinstance(each, int)))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


def test_no_new_privileges_come_before_the_filter(kernel: Kernel) -> None:
    assert apply_sandbox(Profile.LOCAL) == ()
    assert [name for name, *_ in kernel.asked].index(NO_NEW_PRIVS) == 0
    assert kernel.asked[-1] == ("seccomp", 1, 1)
    assert (DUMPABLE, 0) in kernel.asked
    assert ("setrlimit", resource.RLIMIT_CORE, 0, 0) in kernel.asked


def test_the_filter_is_described_by_its_length(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "this_architecture", lambda: Architecture.AARCH64)
    apply_sandbox(Profile.LOCAL)
    (length,) = struct.unpack_from("<H", kernel.program)
    assert length == len(program(Architecture.AARCH64, Profile.LOCAL))


@pytest.mark.parametrize("profile", [Profile.LOCAL, Profile.CLUSTER])
def test_no_worker_keeps_executable_memory(kernel: Kernel, profile: Profile) -> None:
    apply_sandbox(profile)
    assert MDWE in {name for name, *_ in kernel.asked}


@pytest.mark.parametrize(
    ("refused", "named"),
    [
        (NO_NEW_PRIVS, "no_new_privs"),
        (DUMPABLE, "dumpable"),
        ("setrlimit", "core"),
        ("capset", "capabilities"),
        (MDWE, "memory"),
        ("seccomp", "seccomp"),
    ],
)
def test_a_step_the_kernel_refuses_is_named_and_the_others_taken(
    kernel: Kernel, refused: str | int, named: str
) -> None:
    kernel.refuses = {refused}
    assert apply_sandbox(Profile.LOCAL) == (named,)
    assert kernel.asked[-1][0] == "seccomp"


def test_a_thread_that_cannot_take_the_filter_is_no_success(kernel: Kernel) -> None:
    kernel.answer = 4711
    assert apply_sandbox(Profile.LOCAL) == ("seccomp",)


def test_an_unknown_machine_has_no_filter(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "this_architecture", lambda: None)
    assert apply_sandbox(Profile.LOCAL) == ("seccomp",)


def test_leaving_the_network_says_whether_it_worked(kernel: Kernel) -> None:
    assert enter_namespace()
    kernel.refuses = {"unshare"}
    assert not enter_namespace()
    assert set(kernel.asked) == {("unshare", 0x40000000)}


def test_groups_go_before_the_group_and_the_group_before_the_user(kernel: Kernel) -> None:
    drop_to(7, 8)
    assert kernel.asked == [("setgroups",), ("setresgid", 8, 8, 8), ("setresuid", 7, 7, 7)]


@pytest.fixture
def executed(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A kernel on which exec is noted, and comes back as it never would."""
    monkeypatch.setattr(os, "execv", lambda *_: kernel.note("execv"))
    return kernel


def options(*more: str) -> list[str]:
    return [*more, "--parent", str(os.getppid()), "--", "/bin/true"]


def test_the_launcher_leaves_the_network_then_drops_then_ties_itself_then_becomes(executed: Kernel) -> None:
    start.main(options("--uid", "7", "--gid", "8", "--own-network"))
    names = [name for name, *_ in executed.asked]
    in_order = ["unshare", "setgroups", "setresgid", "setresuid", "capset", NO_NEW_PRIVS, PDEATHSIG, "execv"]
    assert [name for name in names if name in in_order] == in_order
    assert (PDEATHSIG, signal.SIGKILL) in executed.asked


def test_java_gets_its_filter_with_its_other_rights_taken(executed: Kernel) -> None:
    start.main(options("--java"))
    names = [name for name, *_ in executed.asked]
    assert [n for n in names if n in {NO_NEW_PRIVS, "seccomp", PDEATHSIG, "execv"}] == [
        NO_NEW_PRIVS,
        "seccomp",
        PDEATHSIG,
        "execv",
    ]
    assert MDWE not in names


def test_java_is_not_started_without_its_filter(executed: Kernel) -> None:
    executed.refuses = {"seccomp"}
    assert start.main(options("--java")) == os.EX_NOPERM
    assert ("execv",) not in executed.asked


def test_the_launcher_without_root_goes_on_without_a_network_of_its_own(
    executed: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    executed.refuses = {"unshare"}
    start.main(options("--own-network"))
    assert executed.asked[-1] == ("execv",)
    assert "only root may make one" in capsys.readouterr().err


@pytest.mark.parametrize("refused", ["setgroups", "setresgid", "setresuid", "capset", NO_NEW_PRIVS])
def test_the_launcher_starts_nothing_with_rights_it_should_have_dropped(
    executed: Kernel, refused: str | int, capsys: pytest.CaptureFixture[str]
) -> None:
    executed.refuses = {refused}
    assert start.main(options("--uid", "7", "--gid", "8")) == os.EX_NOPERM
    assert ("execv",) not in executed.asked
    assert "start as root or give no uid" in capsys.readouterr().err


def test_the_launcher_starts_nothing_for_another_parent(executed: Kernel) -> None:
    assert start.main(["--parent", "0", "--", "/bin/true"]) == os.EX_NOPERM
    assert ("execv",) not in executed.asked


def test_the_launcher_says_when_the_program_cannot_be_executed(
    executed: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    executed.refuses = {"execv"}
    assert start.main(options()) == 126
    assert "cannot execute the program" in capsys.readouterr().err


@pytest.mark.parametrize("alone", ["--uid", "--gid"])
def test_the_launcher_wants_both_user_and_group(executed: Kernel, alone: str) -> None:
    with pytest.raises(SystemExit) as ended:
        start.main(options(alone, "7"))
    assert ended.value.code == 2
    assert executed.asked == []


def test_the_launcher_is_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["start", "--help"])
    monkeypatch.delitem(sys.modules, "service.sandbox.start")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("service.sandbox.start", run_name="__main__")
    assert ended.value.code == 0
