"""What the api's user tries at files and processes: each returns if it succeeded, else raises OSError."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from service.sandbox.kernel import system_call

Attempts = Mapping[str, Callable[[], object]]
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
OF_WORKERS = {
    "linkage": ("identity.age", "at-rest.key", "hand-over.jwk"),
    "analysis": ("identity.age", "at-rest.key", "hand-over.jwk"),
    "gate": ("identity.age", "at-rest.key", "release.jwk"),
    "log": ("log.key",),
}


def attempts(home: Path, pids: Mapping[str, int], supervisor: int, code: Path) -> Attempts:
    """Everything that is tried, by name."""
    return dict(
        [
            *_keys(home),
            *_vaults(home),
            *_spool(home),
            *_names(home),
            *_processes(pids, supervisor),
            ("write to the code", partial(_write, code / "attempt.py")),
            ("replace the interpreter's packages", partial(_write, Path(os.__file__).parent / "attempt.py")),
        ]
    )


def _keys(home: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    for role, names in OF_WORKERS.items():
        for name in names:
            yield f"read {role}'s {name}", partial(_read, home / "keys" / role / name)
    yield "read governance's key", partial(_read, home / "governance" / "governance.jwk")
    yield "swap the pinned keys by writing", partial(_write, home / "pins.json")
    yield "swap the pinned keys by renaming", partial(_rename, home, "pins.json")
    yield "rewrite the installation", partial(_write, home / "installation.json")


def _vaults(home: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    for role in ("linkage", "analysis", "gate", "log"):
        yield f"list {role}'s vault", partial(os.listdir, home / "vault" / role)
    yield "put a file into linkage's vault", partial(_write, home / "vault" / "linkage" / "attempt")
    yield "read what processes log", partial(os.listdir, home / "logs")


def _spool(home: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    spool, evidence, releases = home / "spool", home / "spool" / "evidence", home / "spool" / "releases"
    yield "list the hand-overs", partial(os.listdir, spool / "hand-overs" / "linkage")
    yield (
        "put a hand-over of its own",
        partial(_write, spool / "hand-overs" / "analysis" / "aggregates-x.age"),
    )
    yield (
        "plant a link where a hand-over will be written",
        partial(
            os.symlink,
            home / "vault" / "linkage",
            spool / "hand-overs" / "linkage" / ".crosswalk-x.age.partial",
        ),
    )
    yield (
        "plant a link where evidence will be written",
        partial(os.symlink, home / "vault" / "gate", evidence / "attempt"),
    )
    yield "put evidence of its own", partial(_write_into_first, evidence)
    yield "change a released file", partial(_change_first, releases)
    yield "add a file to a release", partial(_write_into_first, releases)
    yield "rename a release", partial(_rename_first, releases)
    yield "put another folder of releases in place", partial(_rename, spool, "releases")
    yield "put another spool in place", partial(_rename, home, "spool")


def _names(home: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    control, status = home / "control", home / "status"
    yield "put another database in place", partial(_rename, control, "control.db")
    yield "take the database away", partial(os.unlink, control / "control.db")
    yield "take the write-ahead log away", partial(os.unlink, control / "control.db-wal")
    yield "hold the lock that a worker starts with", partial(_read, status / "linkage" / "lock")
    yield "say in a worker's name how it is closed in", partial(_write, status / "gate" / "status.json")
    yield "put a worker's status away", partial(_rename, status, "gate")


def _processes(pids: Mapping[str, int], supervisor: int) -> Iterator[tuple[str, Callable[[], object]]]:
    worker = pids["linkage"]
    yield "stop a worker", partial(os.kill, worker, signal.SIGSTOP)
    yield "kill a worker", partial(os.kill, pids["gate"], signal.SIGKILL)
    yield "kill the supervisor", partial(os.kill, supervisor, signal.SIGKILL)
    yield "attach to a worker", partial(_ptrace, PTRACE_ATTACH, worker)
    yield "seize a worker", partial(_ptrace, PTRACE_SEIZE, worker)
    for part in ("mem", "environ", "maps", "auxv"):
        yield f"read a worker's {part}", partial(_read, Path(f"/proc/{worker}/{part}"))
    yield "read the supervisor's environ", partial(_read, Path(f"/proc/{supervisor}/environ"))
    yield "list a worker's open files", partial(os.listdir, f"/proc/{worker}/fd")
    yield "look through a worker's root", partial(os.listdir, f"/proc/{worker}/root/")
    yield "take a worker's open file", partial(_pidfd_getfd, worker)
    yield "read a worker's memory from afar", partial(_process_vm_readv, worker)
    yield "become a worker's user", partial(os.setresuid, 61002, 61002, 61002)
    yield "join the workers' group", partial(os.setgroups, [61006])
    yield "open a raw socket", partial(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
    yield "join a worker's network", partial(os.open, f"/proc/{worker}/ns/net", os.O_RDONLY)
    yield "change the clock", partial(_settime)


# --- ways


def _read(path: Path) -> None:
    with path.open("rb") as file:
        file.read(1)


def _write(path: Path) -> None:
    with path.open("ab"):
        pass


def _rename(folder: Path, name: str) -> None:
    (folder / name).rename(folder / f"{name}.gone")


def _first(folder: Path) -> Path:
    return min(path for path in folder.iterdir() if path.is_dir())


def _write_into_first(folder: Path) -> None:
    _write(_first(folder) / "attempt")


def _rename_first(folder: Path) -> None:
    _rename(folder, _first(folder).name)


def _change_first(folder: Path) -> None:
    _write(min(_first(folder).iterdir()))


def _ptrace(request: int, pid: int) -> None:
    system_call("ptrace", request, pid, 0, 0)


def _pidfd_getfd(pid: int) -> None:
    system_call("pidfd_getfd", os.pidfd_open(pid), 0, 0)


def _process_vm_readv(pid: int) -> None:
    here = ctypes.create_string_buffer(8)
    local, remote = struct.pack("@PN", ctypes.addressof(here), 8), struct.pack("@PN", 0x400000, 8)
    system_call("process_vm_readv", pid, local, 1, remote, 1, 0)


def _settime() -> None:
    system_call("clock_settime", 0, struct.pack("@ll", 0, 0))
