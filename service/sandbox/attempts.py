"""What a worker or the api must not be able to do, each as something that can be tried.

An attempt returns when it succeeded and raises OSError when it did not. It runs in a child of
its own (measure.py), unless success leaves nothing behind. None disturbs the process it aims at:
the memory read asks for an address that is never mapped, the trace asks for nobody else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.sandbox.filter import PROT_EXEC, PROT_WRITE, X32_BIT, Profile
from service.sandbox.kernel import Architecture, numbered_call, system_call, this_architecture

AF_VSOCK, AF_PACKET, AF_NETLINK = 40, 17, 16
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
PROT_READ, MAP_PRIVATE, MAP_ANONYMOUS = 1, 2, 0x20
PTRACE_TRACEME = 0
IPC_PRIVATE, IPC_RMID = 0, 0
PAGE = 4096
DISCARD_PORT = 9
NOBODY = "203.0.113.1"

NO_SUCH_THING = frozenset({errno.ENOSYS})
NO_SUCH_FAMILY = NO_SUCH_THING | {errno.EAFNOSUPPORT}
NO_WAY_THERE = NO_SUCH_FAMILY | {errno.ENETUNREACH, errno.ENETDOWN}
CALLS = frozenset({Profile.CLUSTER})
ASKS = frozenset({Profile.API_AND_PROVIDER})
LISTENS = frozenset({Profile.API, Profile.API_AND_PROVIDER})
NO_SUCH_PROCESS = NO_SUCH_THING | {errno.ESRCH}


@dataclass(frozen=True, kw_only=True)
class Forbidden:
    """One thing to try, and the errnos that say it cannot exist here, which is as good as a refusal."""

    name: str
    act: Callable[[], object]
    impossible: frozenset[int] = NO_SUCH_THING
    open_to: frozenset[Profile] = frozenset()
    """Who is meant to be able to do it: the api listens, a worker may ask a Spark cluster."""
    leaves_nothing: bool = False
    """Success changes nothing here, so it needs no child: a fork of a large process is slow."""


def forbidden_things(
    *, forbidden: Mapping[str, Path], unwritable: Mapping[str, Path]
) -> tuple[Forbidden, ...]:
    """Everything a worker tries at start; of files and folders the names are shown, the paths are not."""
    return (
        *_network(),
        *_other_processes(os.getppid()),
        *_kernel(),
        *_memory(),
        *_files(forbidden, unwritable),
    )


def _network() -> Iterator[Forbidden]:
    nobody: frozenset[Profile] = frozenset()
    families = (
        ("IPv4 socket", socket.AF_INET, socket.SOCK_STREAM, LISTENS | CALLS),
        ("IPv6 socket", socket.AF_INET6, socket.SOCK_STREAM, LISTENS),
        ("netlink socket", AF_NETLINK, socket.SOCK_RAW, nobody),
        ("vsock socket", AF_VSOCK, socket.SOCK_STREAM, nobody),
        ("packet socket", AF_PACKET, socket.SOCK_RAW, nobody),
    )
    for name, family, kind, open_to in families:
        yield Forbidden(
            name=name,
            act=partial(system_call, "socket", family, kind, 0),
            impossible=NO_SUCH_FAMILY,
            open_to=open_to,
        )
    yield Forbidden(name="connection to loopback", act=_connect, impossible=NO_WAY_THERE, open_to=CALLS)
    yield Forbidden(
        name="network address", act=_have_an_address, impossible=NO_WAY_THERE, open_to=LISTENS | CALLS
    )
    yield Forbidden(name="unlisted address", act=_reach_nobody, impossible=NO_WAY_THERE, open_to=ASKS)


def _connect() -> None:
    """Reach 127.0.0.1; a port that answers `connection refused` was reached."""
    descriptor = system_call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
    address = struct.pack("=H", socket.AF_INET) + struct.pack(">H4B8x", DISCARD_PORT, 127, 0, 0, 1)
    system_call("connect", descriptor, address, len(address))


def _reach_nobody() -> None:
    """Send a byte to an address that nobody has (RFC 5737): a list of allowed ones does not let it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nowhere:
        nowhere.sendto(bytes(1), (NOBODY, DISCARD_PORT))


def _have_an_address() -> None:
    """Find an address of ours: a network namespace in which nothing was brought up has none."""
    listings = (Path("/proc/self/net/fib_trie"), Path("/proc/self/net/if_inet6"))
    if not any(listing.read_text() for listing in listings if listing.exists()):
        raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))


def _other_processes(parent: int) -> Iterator[Forbidden]:
    yield Forbidden(name="ptrace", act=partial(system_call, "ptrace", PTRACE_TRACEME, 0, 0, 0))
    # Nothing is sent; a supervisor that has gone is nobody's.
    yield Forbidden(name="signal to the parent", act=partial(os.kill, parent, 0), impossible=NO_SUCH_PROCESS)
    yield Forbidden(name="shared memory segment", act=_share_memory)
    yield Forbidden(name="process_vm_readv", act=partial(_read_memory_of, parent), impossible=NO_SUCH_PROCESS)
    for part in ("mem", "environ"):
        yield Forbidden(
            name=f"parent's {part}",
            act=partial(os.open, f"/proc/{parent}/{part}", os.O_RDONLY),
            # Hidden by hidepid, or a parent in another namespace of processes: not there to be opened.
            impossible=NO_SUCH_PROCESS | {errno.ENOENT},
        )


def _share_memory() -> None:
    """Make a segment that outlives us, and remove it."""
    segment = system_call("shmget", IPC_PRIVATE, PAGE, 0o600)
    system_call("shmctl", segment, IPC_RMID, None)


def _make_set_user_id() -> None:
    """Have a file run as its owner, whoever runs it; it is in memory and gone with this process."""
    os.fchmod(os.memfd_create("attempt"), stat.S_IRWXU | stat.S_ISUID)


def _read_memory_of(process: int) -> None:
    """Ask for the first page, which is never mapped: EFAULT comes from a kernel that would read others."""
    here = ctypes.create_string_buffer(8)
    local, remote = struct.pack("@PN", ctypes.addressof(here), 8), struct.pack("@PN", 8, 8)
    system_call("process_vm_readv", process, local, 1, remote, 1, 0)


def _kernel() -> Iterator[Forbidden]:
    yield Forbidden(name="io_uring_setup", act=partial(system_call, "io_uring_setup", 1, bytes(120)))
    yield Forbidden(name="bpf", act=partial(system_call, "bpf", 0, bytes(128), 128))
    yield Forbidden(name="unshare user", act=partial(system_call, "unshare", CLONE_NEWUSER))
    yield Forbidden(name="unshare network", act=partial(system_call, "unshare", CLONE_NEWNET))
    yield Forbidden(
        name="clone into a namespace",
        act=partial(system_call, "clone", CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0),
    )
    yield Forbidden(name="clone3", act=partial(system_call, "clone3", None, 0))
    yield Forbidden(name="setns", act=_rejoin_namespace)
    yield Forbidden(name="mount", act=partial(system_call, "mount", b"none", b"/proc", b"none", 0, None))
    yield Forbidden(name="keyctl", act=partial(system_call, "keyctl", 0, -3, 0))
    yield Forbidden(name="perf_event_open", act=partial(system_call, "perf_event_open", None, 0, -1, -1, 0))
    yield Forbidden(name="userfaultfd", act=partial(system_call, "userfaultfd", 0))
    yield Forbidden(name="pidfd_getfd", act=partial(system_call, "pidfd_getfd", -1, 0, 0))
    yield Forbidden(name="open_by_handle_at", act=partial(system_call, "open_by_handle_at", -1, bytes(16), 0))
    # Where there is no such program the answer is ENOENT, and that is no refusal.
    yield Forbidden(name="execve", act=partial(os.execv, "/bin/true", ["true"]))
    if this_architecture() is Architecture.X86_64:
        getpid = Architecture.X86_64.number("getpid") or 0
        yield Forbidden(name="x32 system call", act=partial(numbered_call, X32_BIT | getpid))


def _rejoin_namespace() -> None:
    system_call("setns", os.open("/proc/self/ns/net", os.O_RDONLY), CLONE_NEWNET)


def _memory() -> Iterator[Forbidden]:
    yield Forbidden(name="written memory made executable", act=_make_executable)
    yield Forbidden(
        name="memory writable and executable",
        act=partial(_map_page, PROT_READ | PROT_WRITE | PROT_EXEC),
    )


def _map_page(protection: int) -> int:
    return system_call("mmap", 0, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)


def _make_executable() -> None:
    system_call("mprotect", _map_page(PROT_READ | PROT_WRITE), PAGE, PROT_READ | PROT_EXEC)


def _files(forbidden: Mapping[str, Path], unwritable: Mapping[str, Path]) -> Iterator[Forbidden]:
    yield Forbidden(name="set-user-ID file", act=_make_set_user_id)
    # The root of all files is nobody's own folder, and everybody may list it.
    yield Forbidden(
        name="folders that are not its own", act=partial(_open_and_close, Path("/")), open_to=CALLS
    )
    for name, path in forbidden.items():
        # One call reads a file or lists a folder. ENOENT counts as open: what is not there refuses nothing.
        yield Forbidden(name=f"read {name}", act=partial(_open_and_close, path), leaves_nothing=True)
        # Who may pass through a folder can open what he knows the name of; a file cannot be entered.
        yield Forbidden(
            name=f"enter {name}",
            act=partial(os.stat, f"{path}/."),  # Path would drop the dot that asks to pass through
            impossible=NO_SUCH_THING | {errno.ENOTDIR},
            leaves_nothing=True,
        )
    for name, folder in unwritable.items():
        yield Forbidden(
            name=f"write to {name}",
            act=partial(_create_and_remove, folder / f".attempt-{os.getpid()}"),
            impossible=NO_SUCH_THING | {errno.EROFS},
            leaves_nothing=True,
        )


def _open_and_close(path: Path) -> None:
    os.close(os.open(path, os.O_RDONLY))


def _create_and_remove(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    path.unlink()
