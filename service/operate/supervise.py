"""Start the processes of one machine, start again what dies, and stop them all together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Event

from service.clock import Clock

LAUNCHER = "service.sandbox.start"
"""Named, not imported: it drops rights, so it runs as a process of its own."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=250), timedelta(seconds=5)
STEADY_AFTER = timedelta(seconds=30)
GRACE = timedelta(seconds=10)
LOOK_EVERY_SECONDS = 0.05
PROBE_SECONDS = 20
READABLE_WITHIN_THE_GROUP = 0o027


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process to keep running, with everything it is given: nothing is inherited but the folder."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log_path: Path
    """Standard output and error are appended to it; opened by the supervisor, not by the program's user."""
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    """The groups it is in besides."""
    own_network_namespace: bool = False


class Happening(StrEnum):
    """What the supervisor did or saw."""

    STARTED = "started"
    ENDED = "ended"
    KILLED = "killed"


@dataclass(frozen=True)
class Notice:
    """One thing that happened to one program; `exit_code` is minus the signal where one ended it."""

    at: datetime
    program: str
    happening: Happening
    pid: int
    exit_code: int | None = None


@dataclass(frozen=True)
class CanRun:
    """Whether a user can run the interpreter, and if not, why."""

    able: bool
    reason: str = ""

    def __bool__(self) -> bool:
        """True when the user can."""
        return self.able


@dataclass
class _Watched:
    """A program and its process, which changes."""

    program: Program
    start_at: datetime
    process: subprocess.Popen[bytes] | None = None
    deaths_in_a_row: int = 0


def pause_before_restart(deaths_in_a_row: int) -> timedelta:
    """A quarter of a second after the first death, doubled each time, never more than five seconds."""
    doublings = min(max(deaths_in_a_row - 1, 0), 16)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def supervise(
    programs: Sequence[Program],
    *,
    stop: Event,
    clock: Clock,
    on_event: Callable[[Notice], None],
    pids_path: Path,
    grace: timedelta = GRACE,
) -> None:
    """Keep the programs running until `stop` is set, then end them: SIGTERM, and after `grace` SIGKILL.

    Blocks. Call it on a thread that lives as long as the programs should: they die with it. Whatever
    is raised on the way, no program is left running. `pids_path` always holds {name: pid} as JSON.
    """
    watched = [_Watched(program, start_at=clock()) for program in programs]
    try:
        while not stop.is_set():
            changes = [notice for one in watched for notice in _look_after(one, clock())]
            if changes:
                _write_pids(pids_path, watched)
            for notice in changes:
                on_event(notice)
            stop.wait(LOOK_EVERY_SECONDS)
    finally:
        notices = _end_all(watched, clock=clock, grace=grace)
        _write_pids(pids_path, watched)
    for notice in notices:
        on_event(notice)


def can_run_as(uid: int, gid: int, argv0: str) -> CanRun:
    """Try whether that user can run this interpreter and import the service; no path is in the reason.

    An interpreter below a private home is the usual obstacle. Then everything runs as one user and
    the workers' measured isolation says `reduced`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
            [argv0, "-c", "import service"],
            env={"PATH": os.defpath},
            user=uid,
            group=gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except OSError as refused:
        return CanRun(able=False, reason=(refused.strerror or "refused by the system").lower())
    except subprocess.TimeoutExpired:
        return CanRun(able=False, reason=f"no answer within {PROBE_SECONDS} seconds")
    if done.returncode:
        return CanRun(able=False, reason=f"the interpreter ended with code {done.returncode}")
    return CanRun(able=True)


def _look_after(one: _Watched, now: datetime) -> list[Notice]:
    """Notice a death, and start what is due."""
    notices = []
    if one.process is not None and (code := one.process.poll()) is not None:
        notices.append(Notice(now, one.program.name, Happening.ENDED, one.process.pid, code))
        steady = now - one.start_at >= STEADY_AFTER
        one.deaths_in_a_row = 1 if steady else one.deaths_in_a_row + 1
        one.start_at = now + pause_before_restart(one.deaths_in_a_row)
        one.process = None
    if one.process is None and now >= one.start_at:
        one.process = _start(one.program)
        one.start_at = now
        notices.append(Notice(now, one.program.name, Happening.STARTED, one.process.pid))
    return notices


def _start(program: Program) -> subprocess.Popen[bytes]:
    """Start the launcher, which becomes the program: the pid stays the same.

    `-P`: the launcher may be root, so it imports nothing from the folder we happen to be in.
    """
    user = () if program.uid is None else ("--uid", str(program.uid), "--gid", str(program.gid))
    groups = tuple(f"--group={gid}" for gid in program.groups)
    network = ("--own-network",) if program.own_network_namespace else ()
    launcher = (
        sys.executable,
        "-P",
        "-m",
        LAUNCHER,
        *user,
        *groups,
        *network,
        "--parent",
        str(os.getpid()),
        "--",
    )
    with program.log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own launcher, no shell
            [*launcher, *program.argv],
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal is for the supervisor, which then asks each program to end.
            start_new_session=True,
            umask=READABLE_WITHIN_THE_GROUP,
        )


def _end_all(watched: Sequence[_Watched], *, clock: Clock, grace: timedelta) -> list[Notice]:
    """Ask every program to end, wait, then kill the rest; signals go by pid to our own children only."""
    running = [(one, one.process) for one in watched if one.process is not None]
    for _, process in running:
        process.send_signal(signal.SIGTERM)
    deadline = clock() + grace
    while clock() < deadline and any(process.poll() is None for _, process in running):
        time.sleep(LOOK_EVERY_SECONDS)
    notices = []
    for one, process in running:
        happening = Happening.ENDED if process.poll() is not None else Happening.KILLED
        process.kill()
        notices.append(Notice(clock(), one.program.name, happening, process.pid, process.wait()))
        one.process = None
    return notices


def _write_pids(path: Path, watched: Sequence[_Watched]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    pids = {one.program.name: one.process.pid for one in watched if one.process is not None}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(pids, indent=2) + "\n")
    partial.replace(path)
