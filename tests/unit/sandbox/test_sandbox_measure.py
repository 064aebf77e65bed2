"""How an attempt is made and how its outcome is read."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from service.sandbox import measure as measuring
from service.sandbox.attempts import NO_SUCH_FAMILY, Forbidden, forbidden_things
from service.sandbox.filter import Profile
from service.sandbox.kernel import Architecture, numbered_call, prctl, system_call, this_architecture
from service.sandbox.measure import (
    UNKNOWN,
    Attempt,
    Isolation,
    State,
    is_refusal,
    measure,
    outcome,
)


def failing(code: int) -> Forbidden:
    def act() -> None:
        raise OSError(code, "")

    return Forbidden(name="thing", act=act)


def nothing() -> None:
    pass


def test_success_is_zero() -> None:
    assert outcome(Forbidden(name="thing", act=nothing)) == 0


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOENT, errno.EAFNOSUPPORT])
def test_the_kernels_answer_comes_back_from_the_child(code: int) -> None:
    assert outcome(failing(code)) == code


def test_an_attempt_changes_nothing_here(tmp_path: Path) -> None:
    here = Path.cwd()
    assert outcome(Forbidden(name="thing", act=lambda: os.chdir(tmp_path))) == 0
    assert Path.cwd() == here


def test_an_attempt_that_raises_something_else_tells_nothing() -> None:
    assert outcome(Forbidden(name="thing", act=lambda: int("x"))) == UNKNOWN


def test_an_attempt_that_crashes_is_no_refusal() -> None:
    thing = Forbidden(name="thing", act=lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert outcome(thing) == -signal.SIGKILL
    assert not is_refusal(thing, outcome(thing))


def test_an_attempt_that_hangs_is_ended_and_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "PATIENCE_MS", 50)
    thing = Forbidden(name="thing", act=lambda: time.sleep(30))
    began = time.monotonic()
    assert outcome(thing) == UNKNOWN
    assert time.monotonic() - began < 5
    assert not is_refusal(thing, UNKNOWN)


@pytest.mark.parametrize("refused_call", ["fork", "pidfd_open"])
def test_a_refusal_to_us_is_not_read_as_a_refusal_of_the_attempt(
    monkeypatch: pytest.MonkeyPatch, refused_call: str
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EPERM, "")

    monkeypatch.setattr(os, refused_call, refuse)
    assert outcome(Forbidden(name="thing", act=nothing)) == UNKNOWN


@pytest.mark.parametrize("code", [errno.EPERM, errno.EACCES, errno.ENOSYS, -signal.SIGSYS])
def test_permission_denied_and_no_such_call_are_refusals(code: int) -> None:
    assert is_refusal(failing(code), code)


@pytest.mark.parametrize(
    "code", [0, errno.ENOENT, errno.EFAULT, errno.EINVAL, errno.ECONNREFUSED, errno.ENOTSUP, UNKNOWN]
)
def test_any_other_answer_went_too_far(code: int) -> None:
    assert not is_refusal(failing(code), code)


def test_a_family_that_is_not_compiled_in_counts_for_sockets_only() -> None:
    socket = Forbidden(name="thing", act=nothing, impossible=NO_SUCH_FAMILY)
    assert is_refusal(socket, errno.EAFNOSUPPORT)
    assert not is_refusal(failing(0), errno.EAFNOSUPPORT)


def test_full_needs_every_attempt_refused() -> None:
    refused, succeeded = Attempt("a", refused=True), Attempt("b", refused=False)
    assert Isolation((refused,)).state is State.FULL
    assert Isolation((refused, succeeded)).state is State.REDUCED
    assert Isolation((refused, succeeded)).open == ("b",)


def test_nothing_tried_is_not_full() -> None:
    assert Isolation(()).state is State.REDUCED


def test_cluster_excuses_only_what_a_spark_driver_needs() -> None:
    attempts = (Attempt("IPv4 socket", refused=False), Attempt("ptrace", refused=True))
    assert Isolation(attempts, frozenset({"IPv4 socket"}), State.CLUSTER).state is State.CLUSTER
    worse = (*attempts, Attempt("bpf", refused=False))
    assert Isolation(worse, frozenset({"IPv4 socket"}), State.CLUSTER).state is State.REDUCED


def test_a_cluster_worker_is_never_called_full() -> None:
    assert Isolation((Attempt("a", refused=True),), frozenset({"b"}), State.CLUSTER).state is State.CLUSTER


def test_the_api_is_full_though_it_listens() -> None:
    attempts = (Attempt("IPv4 socket", refused=False), Attempt("ptrace", refused=True))
    isolation = Isolation(attempts, frozenset({"IPv4 socket"}))
    assert (isolation.state, isolation.unmeant) == (State.FULL, ())


def test_the_line_names_what_is_open_and_what_it_does_not_speak_for() -> None:
    line = Isolation((Attempt("bpf", refused=True), Attempt("read keys of gate", refused=False))).describe()
    assert line.startswith("isolation reduced: 1 of 2 attempts refused; open: read keys of gate")
    assert "says nothing of the control database" in line


def test_the_line_of_full_names_nothing_open() -> None:
    assert "open:" not in Isolation((Attempt("bpf", refused=True),)).describe()


@pytest.mark.process
def test_a_path_that_is_not_there_is_no_evidence(tmp_path: Path) -> None:
    isolation = measure(
        Profile.LOCAL, forbidden={"vault": tmp_path / "absent"}, unwritable={"the code": tmp_path}
    )
    assert {"read vault", "enter vault"} <= set(isolation.open)


@pytest.mark.process
def test_a_file_of_ours_is_reported_and_its_path_is_not(tmp_path: Path) -> None:
    key = tmp_path / "gate.key"
    key.write_text("x")
    isolation = measure(Profile.LOCAL, forbidden={"keys of gate": key}, unwritable={"the code": tmp_path})
    assert "read keys of gate" in isolation.open
    assert str(tmp_path) not in isolation.describe()


@pytest.mark.process
def test_the_attempt_on_the_code_leaves_nothing_behind(tmp_path: Path) -> None:
    assert "write to the code" in measure(Profile.LOCAL, forbidden={}, unwritable={"the code": tmp_path}).open
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
def test_a_cluster_measurement_excuses_addresses_but_not_the_rest(tmp_path: Path) -> None:
    isolation = measure(Profile.CLUSTER, forbidden={}, unwritable={"the code": tmp_path})
    assert "IPv4 socket" in isolation.meant_to_be_open
    assert isolation.state is State.REDUCED


def test_every_thing_is_named_once(tmp_path: Path) -> None:
    names = [
        thing.name for thing in forbidden_things(forbidden={"a": tmp_path}, unwritable={"the code": tmp_path})
    ]
    assert len(names) == len(set(names)) >= 30


def test_x32_is_tried_where_it_could_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for machine in Architecture:
        monkeypatch.setattr("service.sandbox.attempts.this_architecture", lambda machine=machine: machine)
        names = {thing.name for thing in forbidden_things(forbidden={}, unwritable={"the code": tmp_path})}
        assert ("x32 system call" in names) is (machine is Architecture.X86_64)


def test_an_unknown_machine_is_ignorance_and_not_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.sandbox.kernel.this_architecture", lambda: None)
    with pytest.raises(OSError, match=os.strerror(errno.ENOTSUP)) as raised:
        system_call("getpid")
    assert not is_refusal(failing(0), raised.value.errno or 0)


def test_a_call_this_machine_lacks_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.sandbox.kernel.this_architecture", lambda: Architecture.AARCH64)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        system_call("iopl", 3)


def test_system_calls_answer_and_refuse_as_the_kernel_does() -> None:
    assert system_call("getpid") == os.getpid()
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        prctl(99_999)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        numbered_call(100_000)


def test_the_machine_is_recognised_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*name[:4], "riscv64")))
    assert this_architecture() is None


def test_a_network_without_addresses_is_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    things = {
        thing.name: thing for thing in forbidden_things(forbidden={}, unwritable={"the code": tmp_path})
    }
    network = things["network address"]
    monkeypatch.setattr(Path, "read_text", lambda _: "")
    with pytest.raises(OSError, match=os.strerror(errno.ENETDOWN)) as answer:
        network.act()
    assert is_refusal(network, answer.value.errno or UNKNOWN)
    monkeypatch.setattr(Path, "read_text", lambda _: "127.0.0.1")
    network.act()
