"""Five processes on one machine: started, started again, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from service.clock import utc_now
from service.operate import supervise as supervising
from service.operate.supervise import (
    CanRun,
    Happening,
    Notice,
    Program,
    can_run_as,
    pause_before_restart,
    supervise,
)

pytestmark = pytest.mark.process

SLEEPS = "print('up', flush=True); import time; time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPS
ANOTHER_USER = 64_001

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts programs as other users")


def a_program(folder: Path, *, name: str = "linkage", code: str = SLEEPS) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-c", code),
        environment={"PATH": os.defpath},
        log_path=folder / f"{name}.log",
    )


def eventually(fact: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Running:
    """A supervisor on a thread, and what it has told."""

    def __init__(self, folder: Path) -> None:
        self.pids_path = folder / "pids.json"
        self.notices: list[Notice] = []
        self.stop = Event()

    @property
    def pids(self) -> dict[str, int]:
        return dict(json.loads(self.pids_path.read_text())) if self.pids_path.exists() else {}

    def happened(self, happening: Happening, program: str = "linkage") -> list[Notice]:
        return [n for n in self.notices if n.happening is happening and n.program == program]


@contextmanager
def supervised(
    folder: Path, *programs: Program, grace: timedelta = timedelta(seconds=10)
) -> Iterator[Running]:
    """Supervise until the block ends; every program has printed its first line by then."""
    running = Running(folder)
    thread = Thread(
        target=lambda: supervise(
            programs,
            stop=running.stop,
            clock=utc_now,
            on_event=running.notices.append,
            pids_path=running.pids_path,
            grace=grace,
        )
    )
    thread.start()
    try:
        eventually(lambda: all(p.log_path.exists() and p.log_path.read_text() for p in programs))
        yield running
    finally:
        running.stop.set()
        thread.join(15)
        assert not thread.is_alive()


def test_each_program_is_started_and_its_pid_is_told(tmp_path: Path) -> None:
    names = ["api", "linkage", "analysis", "gate", "log"]
    with supervised(tmp_path, *(a_program(tmp_path, name=name) for name in names)) as running:
        pids = running.pids
        assert list(pids) == names
        assert all(is_running(pid) for pid in pids.values())
        commands = {name: Path(f"/proc/{pid}/cmdline").read_bytes() for name, pid in pids.items()}
        assert all(b"time.sleep(60)" in command and b"start" not in command for command in commands.values())
    assert not any(is_running(pid) for pid in pids.values())
    assert running.pids == {}


def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, a_program(tmp_path)) as running:
        first = running.pids["linkage"]
        os.kill(first, signal.SIGKILL)
        eventually(lambda: running.pids.get("linkage", first) != first)
        eventually(lambda: (tmp_path / "linkage.log").read_text() == "up\nup\n")
        (ended,) = running.happened(Happening.ENDED)
    assert (ended.pid, ended.exit_code) == (first, -signal.SIGKILL)
    assert len(running.happened(Happening.STARTED)) == 2


def test_the_others_run_on_when_one_dies(tmp_path: Path) -> None:
    with supervised(tmp_path, a_program(tmp_path), a_program(tmp_path, name="log")) as running:
        first = running.pids
        os.kill(first["linkage"], signal.SIGKILL)
        eventually(lambda: len(running.happened(Happening.STARTED)) == 2)
        assert running.pids["log"] == first["log"]
        assert running.happened(Happening.ENDED, "log") == []


def test_a_program_that_always_dies_is_started_ever_more_slowly(tmp_path: Path) -> None:
    dies = a_program(tmp_path, code="print('up'); raise SystemExit(3)")
    with supervised(tmp_path, dies) as running:
        eventually(lambda: len(running.happened(Happening.ENDED)) == 3)
    ends, starts = running.happened(Happening.ENDED), running.happened(Happening.STARTED)
    assert [end.exit_code for end in ends[:3]] == [3, 3, 3]
    pauses = [start.at - end.at for end, start in zip(ends[:2], starts[1:3], strict=True)]
    assert pauses[0] >= timedelta(milliseconds=250)
    assert pauses[1] >= timedelta(milliseconds=500)


def test_a_launcher_that_fails_is_a_death_like_any_other(tmp_path: Path) -> None:
    absent = replace(a_program(tmp_path), argv=("/nowhere/program",))
    with supervised(tmp_path, absent) as running:
        eventually(lambda: len(running.happened(Happening.ENDED)) >= 1)
    assert running.happened(Happening.ENDED)[0].exit_code == 126
    assert "cannot execute the program" in absent.log_path.read_text()


def test_pauses_double_and_stop_at_five_seconds() -> None:
    pauses = [pause_before_restart(deaths).total_seconds() for deaths in (1, 2, 3, 4, 5, 6, 7, 10_000)]
    assert pauses == [0.25, 0.5, 1, 2, 4, 5, 5, 5]


def test_a_steady_program_starts_from_the_shortest_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "STEADY_AFTER", timedelta(0))
    with supervised(tmp_path, a_program(tmp_path, code="print('up')")) as running:
        eventually(lambda: len(running.happened(Happening.STARTED)) == 4)
    ends, starts = running.happened(Happening.ENDED), running.happened(Happening.STARTED)
    pauses = [start.at - end.at for end, start in zip(ends[:3], starts[1:4], strict=True)]
    assert pauses[2] < timedelta(seconds=1)  # the third of an unsteady one


def test_a_program_may_end_in_its_own_way(tmp_path: Path) -> None:
    tidy = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit('tidied')); " + SLEEPS
    with supervised(tmp_path, a_program(tmp_path, code=tidy)) as running:
        pass
    assert (tmp_path / "linkage.log").read_text() == "up\ntidied\n"
    assert running.happened(Happening.ENDED)[0].exit_code == 1


def test_a_stubborn_program_is_killed_after_the_grace(tmp_path: Path) -> None:
    began = time.monotonic()
    with supervised(tmp_path, a_program(tmp_path, code=STUBBORN), grace=timedelta(seconds=0.3)) as running:
        pid = running.pids["linkage"]
    assert running.happened(Happening.KILLED)[0].exit_code == -signal.SIGKILL
    assert not is_running(pid)
    assert time.monotonic() - began < 8


def test_a_program_gets_its_own_environment_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRE_OTHERS_SECRET", "x")
    tells = "import os, sys, time; print(sorted(os.environ), oct(os.umask(0)), flush=True); time.sleep(60)"
    program = replace(
        a_program(tmp_path, code=tells), environment={"PATH": os.defpath, "TRE_ROLE": "linkage"}
    )
    with supervised(tmp_path, program):
        said = program.log_path.read_text()
    assert "'TRE_ROLE'" in said
    assert "TRE_OTHERS_SECRET" not in said
    assert said.endswith(" 0o27\n")


def test_a_log_is_continued_and_holds_errors_too(tmp_path: Path) -> None:
    program = a_program(tmp_path, code="import sys; print('oops', file=sys.stderr, flush=True); " + SLEEPS)
    program.log_path.write_text("yesterday\n")
    with supervised(tmp_path, program):
        eventually(lambda: program.log_path.read_text() == "yesterday\noops\nup\n")


def test_nothing_runs_on_when_telling_fails(tmp_path: Path) -> None:
    told = []

    def fail(notice: Notice) -> None:
        told.append(notice.pid)
        raise LookupError

    with pytest.raises(LookupError):
        supervise(
            [a_program(tmp_path), a_program(tmp_path, name="log")],
            stop=Event(),
            clock=utc_now,
            on_event=fail,
            pids_path=tmp_path / "pids.json",
        )
    assert told
    assert json.loads((tmp_path / "pids.json").read_text()) == {}
    assert not any(is_running(pid) for pid in told)


def test_nothing_runs_on_when_one_cannot_be_started(tmp_path: Path) -> None:
    no_folder = replace(a_program(tmp_path, name="log"), log_path=tmp_path / "absent" / "log")
    with pytest.raises(FileNotFoundError):
        supervise(
            [a_program(tmp_path), no_folder],
            stop=Event(),
            clock=utc_now,
            on_event=print,
            pids_path=tmp_path / "pids.json",
        )
    assert json.loads((tmp_path / "pids.json").read_text()) == {}


def test_nothing_is_started_once_stopped(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    supervise(
        [a_program(tmp_path)],
        stop=stop,
        clock=utc_now,
        on_event=lambda notice: pytest.fail(str(notice)),
        pids_path=tmp_path / "pids.json",
    )
    assert not (tmp_path / "linkage.log").exists()


SUPERVISOR = """
import sys
from pathlib import Path
from threading import Event
from service.clock import utc_now
from service.operate.supervise import Program, supervise

folder, uid = Path(sys.argv[1]), int(sys.argv[2]) or None
own = {"environment": {}, "uid": uid, "gid": uid}
programs = [
    Program(name=n, argv=(sys.executable, "-c", sys.argv[3]), log_path=folder / n, **own)
    for n in "ab"
]
supervise(programs, stop=Event(), clock=utc_now, on_event=lambda n: None, pids_path=folder / "pids.json")
"""


@pytest.mark.parametrize("uid", [0, pytest.param(ANOTHER_USER, marks=needs_root)])
def test_programs_die_with_a_supervisor_that_is_killed(tmp_path: Path, uid: int) -> None:
    if uid and not can_run_as(uid, uid, sys.executable):
        pytest.skip("the interpreter is not for other users")
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(uid), STUBBORN]
    supervisor = subprocess.Popen(command, env={"PATH": os.defpath})
    try:
        logs = [tmp_path / "a", tmp_path / "b"]
        eventually(lambda: all(log.exists() and "up" in log.read_text() for log in logs))
        pids = json.loads((tmp_path / "pids.json").read_text()).values()
        assert len(pids) == 2
        assert all(is_running(pid) for pid in pids)
    finally:
        supervisor.kill()
        supervisor.wait()
    eventually(lambda: not any(is_running(pid) for pid in pids))


@needs_root
def test_a_program_becomes_its_user_in_a_network_of_its_own(tmp_path: Path) -> None:
    if not can_run_as(ANOTHER_USER, ANOTHER_USER, sys.executable):
        pytest.skip("the interpreter is not for other users")
    program = replace(a_program(tmp_path), uid=ANOTHER_USER, gid=ANOTHER_USER, own_network_namespace=True)
    with supervised(tmp_path, program) as running:
        pid = running.pids["linkage"]
        status = Path(f"/proc/{pid}/status").read_text()
        network = Path(f"/proc/{pid}/ns/net").readlink()
    assert f"Uid:\t{ANOTHER_USER}\t{ANOTHER_USER}\t{ANOTHER_USER}\t{ANOTHER_USER}\n" in status
    assert network != Path("/proc/self/ns/net").readlink()


def test_our_own_user_can_run_our_interpreter() -> None:
    assert can_run_as(os.geteuid(), os.getegid(), sys.executable) or os.geteuid() != 0


def test_an_interpreter_that_is_not_there_cannot_be_run(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("without root the user cannot be changed, whatever the interpreter")
    answer = can_run_as(ANOTHER_USER, ANOTHER_USER, str(tmp_path.parent.parent / "absent" / "python"))
    assert not answer
    assert str(tmp_path.parent) not in answer.reason


@needs_root
def test_an_interpreter_below_a_private_folder_cannot_be_run(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "python").symlink_to(sys.executable)
    answer = can_run_as(ANOTHER_USER, ANOTHER_USER, str(private / "python"))
    assert answer == CanRun(able=False, reason="permission denied")


def test_a_program_that_is_no_python_cannot_be_run() -> None:
    answer = can_run_as(os.geteuid(), os.getegid(), "/bin/false")
    assert not answer
    assert answer.reason


def test_an_interpreter_that_does_not_answer_cannot_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("without root the groups cannot be changed")
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 5\n")
    slow.chmod(0o755)
    monkeypatch.setattr(supervising, "PROBE_SECONDS", 0.2)
    assert can_run_as(0, 0, str(slow)) == CanRun(able=False, reason="no answer within 0.2 seconds")
