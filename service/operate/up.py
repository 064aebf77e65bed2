"""`tre-operate up`: the five processes of one machine, their isolation as measured, until told to stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event

from service.clock import utc_now
from service.operate.folders import PROCESSES, groups_of, user_of
from service.operate.installation import Home, environment, share_database
from service.operate.supervise import Happening, Notice, Program, supervise

Say = Callable[[str], None]
LOOK_SECONDS = 0.2
PASSED_ON = ("PATH", "LANG", "LC_ALL")
"""What a process gets of the operator's own environment."""
LIMITS = (
    "TRE_ADDRESS",
    "TRE_BEARER_TOKENS",
    "TRE_SUBMISSION_LIMIT_BYTES",
    "TRE_UPLOAD_QUOTA_BYTES",
    "TRE_UPLOAD_EXPIRY_SECONDS",
    "TRE_UPLOAD_IDLE_SECONDS",
)
"""What the api gets too: how it is reached, and its limits."""
CLUSTER = (
    "JAVA_HOME",
    "TRE_PROFILE",
    "TRE_SPARK_MASTER",
    "TRE_SPARK_SECRET",
    "TRE_SPARK_DRIVER_ADDRESS",
    "TRE_SPARK_DRIVER_MEMORY",
    "TRE_SPARK_EXECUTOR_MEMORY",
    "TRE_SPARK_FOLDER",
)
"""What the linkage worker gets too: the cluster that it may compare pairs on."""
TOKEN = ("SOFTHSM2_CONF",)
"""What those with an at-rest key get too: where SoftHSM's tokens lie; other libraries look in /etc."""
OWN = {"api": LIMITS, "linkage": (*CLUSTER, *TOKEN), "analysis": TOKEN, "gate": TOKEN}


def programs(home: Home) -> list[Program]:
    """The five processes of an installation."""
    separate = home.read().separate_users
    return [_program(home, process, separate=separate) for process in PROCESSES]


def _program(home: Home, process: str, *, separate: bool) -> Program:
    module = ("service.api",) if process == "api" else ("service.worker", process)
    uid, gid = user_of(process) if separate else (None, None)
    names = (*PASSED_ON, *OWN.get(process, ()))
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return Program(
        name=process,
        argv=(sys.executable, "-m", *module),
        environment={**inherited, **environment(home, process)},
        log_path=home.log_file(process),
        uid=uid,
        gid=gid,
        groups=groups_of(process) if separate else (),
        own_network_namespace=process != "api" and inherited.get("TRE_PROFILE") != "cluster",
    )


def run(home: Home, say: Say) -> None:
    """Supervise the five processes until SIGTERM or SIGINT."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    status = home.root / "status"
    for old in status.glob("*/status.json"):
        old.unlink()
    share_database(home)
    threading.Thread(target=_tell_isolation, args=(status, of_database(home), stop, say), daemon=True).start()
    supervise(
        programs(home),
        stop=stop,
        clock=utc_now,
        on_event=lambda notice: _tell(notice, say),
        pids_path=home.root / "pids.json",
    )


def _tell(notice: Notice, say: Say) -> None:
    if notice.happening is Happening.STARTED:
        say(f"{notice.program}: started, process {notice.pid}")
    else:
        say(f"{notice.program}: {notice.happening.value}, exit code {notice.exit_code}")


def of_database(home: Home) -> str:
    """What isolation does not measure, in one line."""
    if home.read().database_roles:
        return "isolation is measured without the control database, where each process has a role of its own"
    return "isolation says nothing of the control database, which all processes share"


def _tell_isolation(status: Path, database: str, stop: Event, say: Say) -> None:
    """Say each process's measured isolation once, as soon as it has written it."""
    waiting = set(PROCESSES)
    while waiting and not stop.wait(LOOK_SECONDS):
        for process in sorted(waiting):
            path = status / process / "status.json"
            if path.exists():
                say(isolation_line(json.loads(path.read_text())))
                waiting.discard(process)
    if not waiting:
        say(database)
        say("ready")


def isolation_line(status: dict[str, object]) -> str:
    """One process's isolation in one line."""
    opened = status["open"]
    names = f"; open: {', '.join(map(str, opened))}" if isinstance(opened, list) and opened else ""
    return f"{status['role']}: isolation {status['isolation']}{names}"
