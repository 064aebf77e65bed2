"""A worker taken over: applies the sandbox (or not), then does what it is told. Run as a program."""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from service.clock import utc_now
from service.jobs import WorkerRole
from service.logs import logger
from service.sandbox.apply import apply_sandbox
from service.sandbox.attempts import forbidden_things
from service.sandbox.filter import Profile
from service.sandbox.landlock import Openings
from service.sandbox.measure import measure, outcome
from service.sandbox.openings import DEVICES, PROGRAMS, openings_of
from service.settings import ApiSettings, settings_for
from service.web.closed_in import close_in
from service.worker.duties import settings_of

CODE = Path(__file__).parents[3] / "service"
OWN = Openings(
    reads=(*PROGRAMS, CODE.parent, Path(sys.prefix), Path(sys.base_prefix)),
    writes=(*DEVICES, Path(tempfile.gettempdir())),
)


def measured(profile: str, *named: str) -> dict[str, object]:
    """Measure with forbidden paths given as NAME=PATH."""
    forbidden = {name: Path(path) for name, _, path in (each.partition("=") for each in named)}
    isolation = measure(Profile(profile), forbidden=forbidden, unwritable={"the code": CODE})
    return {"state": isolation.state, "open": isolation.open, "tried": len(isolation.attempts)}


def of_role(role: str) -> dict[str, object]:
    """Measure as that role does, with the settings that it is started with."""
    settings = settings_for(settings_of(WorkerRole(role)), os.environ)
    isolation = measure(
        Profile(settings.profile),
        forbidden=settings.closed_paths(),
        unwritable={"the code": CODE, **settings.unwritable_paths()},
    )
    return {"state": isolation.state, "open": isolation.open, "tried": len(isolation.attempts)}


def closed_role(role: str) -> dict[str, object]:
    """The same in a sandbox that opens what that role needs and nothing else."""
    openings = openings_of(settings_for(settings_of(WorkerRole(role)), os.environ))
    return sandboxed(Profile.LOCAL, lambda: of_role(role), openings)


def of_api() -> dict[str, object]:
    """What the api writes of itself when it has closed itself in, with the settings it is started with."""
    settings = settings_for(ApiSettings, os.environ)
    close_in(settings, utc_now, logger("api"))
    written: dict[str, object] = json.loads((settings.status_folder / "api" / "status.json").read_text())
    return written


def outcomes() -> dict[str, object]:
    """How each attempt ends, by name."""
    return {
        thing.name: outcome(thing) for thing in forbidden_things(forbidden={}, unwritable={"the code": CODE})
    }


def thread_that_was_there_before() -> dict[str, object]:
    """A thread started before the sandbox opens a socket after it."""
    on, answer = threading.Event(), []

    def wait_and_open() -> None:
        on.wait(10)
        try:
            socket.socket(socket.AF_INET)
            answer.append("opened")
        except OSError as refused:
            answer.append(errno.errorcode[refused.errno or 0])

    thread = threading.Thread(target=wait_and_open)
    thread.start()
    not_taken = apply_sandbox(Profile.LOCAL)
    on.set()
    thread.join()
    return {"answer": answer, "not_taken": not_taken}


def thirty_two_bit_call(folder: str) -> dict[str, object]:
    """Map a file of our own as code and make an i386 system call from it: mov eax,20; int 0x80; ret."""
    path = Path(folder) / "code"
    path.write_bytes(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]).ljust(mmap.PAGESIZE, b"\x90"))
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    with path.open("rb") as code:
        address = libc.mmap(
            None, ctypes.c_size_t(mmap.PAGESIZE), 5, mmap.MAP_PRIVATE, code.fileno(), ctypes.c_long(0)
        )
    return {"pid": ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid()}


def start_a_program() -> dict[str, object]:
    """Do what a command injection would."""
    try:
        subprocess.run(["/bin/true"], check=False)
    except PermissionError:
        return {"started": False}
    return {"started": True}


def limits() -> dict[str, object]:
    """What the kernel says of this process."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    names = ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp")
    core = resource.getrlimit(resource.RLIMIT_CORE)
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    return {name: status[name].strip() for name in names} | {"core": core, "dumpable": dumpable}


def work() -> dict[str, object]:
    """A day's work: columns, a query, encrypted bytes, a control database, threads."""
    import duckdb  # noqa: PLC0415 - a worker may import before or after the sandbox
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415
    from sqlalchemy import create_engine, text  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(pa.table({"n": list(range(10_000))}), f"{folder}/n.parquet", compression="zstd")
        numbers = pq.read_table(f"{folder}/n.parquet")
        database = duckdb.connect(config={"threads": 2})
        database.register("numbers", numbers)
        (total,) = database.execute("select sum(n) from numbers").fetchall()[0]
        engine = create_engine(f"sqlite:///{folder}/control.db")
        with engine.begin() as connection:
            connection.execute(text("pragma journal_mode=wal"))
            connection.execute(text("create table t (n integer)"))
            connection.execute(text("insert into t values (1)"))
        engine.dispose()
        with sqlite3.connect(f"{folder}/control.db") as again:
            (rows,) = again.execute("select count(*) from t").fetchone()
        again.close()
    products = []
    thread = threading.Thread(target=lambda: products.append(float((np.eye(256) @ np.eye(256)).sum())))
    thread.start()
    thread.join()
    sealed = ChaCha20Poly1305(bytes(32)).encrypt(bytes(12), b"x", None)
    return {"total": int(total), "rows": rows, "product": products[0], "sealed": len(sealed)}


def sandboxed(
    profile: Profile, act: Callable[[], dict[str, object]], openings: Openings | None = None
) -> dict[str, object]:
    not_taken = apply_sandbox(profile, openings)
    return act() | {"not_taken": not_taken}


def work_after_import() -> dict[str, object]:
    """Import and warm up, then apply, then work again."""
    work()
    return sandboxed(Profile.LOCAL, work, OWN)


def draw_noise() -> dict[str, object]:
    """Load OpenDP's library and draw, as the gate does at its first question under such a policy."""
    import numpy as np  # noqa: PLC0415

    from linkage_engine.disclosure.differential_privacy.laplace import noisy  # noqa: PLC0415

    drawn = noisy(np.zeros(5, dtype=np.int64), contributions=1, epsilon=10.0)
    return {"counts": len(drawn.counts), "near": bool(abs(drawn.counts).max() < 100)}


ACTS: dict[str, Callable[..., dict[str, object]]] = {
    "measure-bare": lambda *named: measured("local", *named),
    "measure": lambda *named: sandboxed(Profile.LOCAL, lambda: measured("local", *named), OWN),
    "measure-cluster": lambda *named: sandboxed(Profile.CLUSTER, lambda: measured("cluster", *named)),
    "measure-cluster-as-local": lambda: sandboxed(Profile.CLUSTER, lambda: measured("local")),
    "role": closed_role,
    "role-without-landlock": lambda role: sandboxed(Profile.LOCAL, lambda: of_role(role)),
    "api": lambda _: of_api(),
    "role-bare": of_role,
    "outcomes-bare": outcomes,
    "thread": thread_that_was_there_before,
    "int80": lambda folder: sandboxed(Profile.LOCAL, lambda: thirty_two_bit_call(folder)),
    "int80-bare": thirty_two_bit_call,
    "exec": lambda: sandboxed(Profile.LOCAL, start_a_program),
    "noise": lambda: sandboxed(Profile.LOCAL, draw_noise, OWN),
    "limits": lambda: sandboxed(Profile.LOCAL, limits),
    "limits-bare": limits,
    "twice": lambda: sandboxed(Profile.LOCAL, lambda: sandboxed(Profile.LOCAL, limits)),
    "work-before-import": lambda: sandboxed(Profile.LOCAL, work, OWN),
    "work-after-import": work_after_import,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACTS[sys.argv[1]](*sys.argv[2:])))
