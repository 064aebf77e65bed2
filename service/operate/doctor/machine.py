"""The machine: clock, disk, processes as they last measured themselves, and how it was set up."""

from __future__ import annotations

import ctypes
import json
import shutil
import ssl
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib.metadata import version

from service.operate.doctor.findings import Finding, ill, watch, well
from service.operate.folders import PROCESSES
from service.operate.installation import Home, Installation
from service.pages.health import ProcessShown, processes

CLOCK, DISK, PROCESS, ISOLATION = "clock", "disk", "process", "isolation"
SETTINGS, VERSIONS = "settings", "versions"
SEEN_WITHIN = timedelta(seconds=30)
LOW_SHARE, LOW_BYTES = 0.1, 2 << 30
"""Of the disk: below the share somebody should know, below the bytes a large delivery is refused."""
_UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2)."""
_TIMEX_BYTES = 1024
"""More than struct timex has on any system; with no bits set in its modes the call only reads."""


def is_synchronised() -> bool:
    """Whether the kernel says that the clock is kept right by somebody (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))) not in {_UNSYNCHRONISED, -1}


def examine_clock(synchronised: Callable[[], bool]) -> Iterator[Finding]:
    """Tokens, permits and the log all depend on the time of day."""
    if synchronised():
        yield well(CLOCK, "the kernel says that the clock is synchronised")
    else:
        yield watch(
            CLOCK,
            "nobody keeps the clock right, as far as the kernel knows",
            "run an NTP client: sign-ins are refused when clocks are half a minute apart",
        )


def examine_disk(home: Home) -> Iterator[Finding]:
    """Room where deliveries, vaults and the log are written."""
    usage = shutil.disk_usage(home.root)
    says = f"{usage.free >> 30} GiB of {usage.total >> 30} are free"
    if usage.free < LOW_BYTES:
        yield ill(
            DISK, says, "make room: deliveries are refused, and nothing can be entered, when it is full"
        )
    elif usage.free < LOW_SHARE * usage.total:
        yield watch(DISK, says, "make room before the next quarter's deliveries")
    else:
        yield well(DISK, says)


def examine_processes(home: Home, now: datetime) -> Iterator[Finding]:
    """Who runs, since when nothing was heard, and how far each is closed in."""
    shown = {each.role: each for each in processes(home.root / "status")}
    if not shown:
        yield ill(PROCESS, "the service is not running", "tre-operate up HOME")
        return
    for process in PROCESSES:
        yield _process(process, shown.get(process), now)


def _process(name: str, shown: ProcessShown | None, now: datetime) -> Finding:
    start = f"look at logs/{name}.log for why it ended; tre-operate up starts it again"
    if shown is None:
        return ill(PROCESS, f"{name} has not said that it runs", start)
    silent = now - shown.seen_at
    # The api says how it is closed in when it starts; workers say so every other second.
    if name != "api" and silent > SEEN_WITHIN:
        return ill(PROCESS, f"{name} was last heard of {int(silent.total_seconds())} seconds ago", start)
    if shown.isolation == "reduced":
        return watch(
            ISOLATION,
            f"{name} is not fully closed in; open: {', '.join(shown.open)}",
            "run the service as root, so that each process has a user and a network of its own",
        )
    return well(ISOLATION, f"{name} is closed in ({shown.isolation})")


def examine_settings(home: Home) -> Iterator[Finding]:
    """What was set up in a way that a site should choose with open eyes."""
    installation = home.read()
    chosen = list(_chosen(installation))
    yield from chosen or [
        well(SETTINGS, "set up for a site: users of their own, a database server with a role for each")
    ]


def _chosen(installation: Installation) -> Iterator[Finding]:
    if not installation.separate_users:
        yield watch(
            SETTINGS,
            "all processes run as one user, so each can read what the others hold",
            "set the installation up as root",
        )
    if installation.database_url is None:
        yield watch(
            SETTINGS,
            "the control database is one SQLite file that every process writes",
            "use PostgreSQL for more than one project at a time: tre-operate init --database",
        )
    elif not installation.database_roles:
        yield watch(
            SETTINGS,
            "all processes are one role of the database, so each can write what the others may",
            "stop the service, then: tre-operate database-roles HOME",
        )
    if installation.host not in {"127.0.0.1", "::1"}:
        yield watch(
            SETTINGS,
            "the api listens beyond this machine, without TLS of its own",
            "let it listen on 127.0.0.1, behind a server that speaks TLS",
        )


def examine_versions() -> Iterator[Finding]:
    """What runs here: to be told with any question."""
    names = ("tre-linkage", "cryptography", "splink", "duckdb", "sqlalchemy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    python = ".".join(map(str, sys.version_info[:3]))
    yield well(VERSIONS, f"Python {python}, {packages}, {ssl.OPENSSL_VERSION}")


def examine_machine(
    home: Home, now: datetime, *, synchronised: Callable[[], bool] = is_synchronised
) -> Iterator[Finding]:
    """Everything about the machine that needs no database."""
    yield from examine_clock(synchronised)
    yield from examine_disk(home)
    yield from examine_processes(home, now)
    yield from examine_settings(home)
    yield from examine_versions()


def read_installation(home: Home) -> Finding | None:
    """What is wrong with the description of the installation, without which nothing else can be looked at."""
    try:
        home.read()
    except (OSError, ValueError, json.JSONDecodeError):
        return ill(SETTINGS, "installation.json cannot be read", "name the folder that tre-operate init made")
    return None
