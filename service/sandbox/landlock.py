"""Landlock: which folders a process may still open, and which ports it may reach (linux/landlock.h).

Rights of a user are about whose a file is; these are about what this process has to do with it, also where
all processes run as one user. The kernel tells which version of the interface it has (ABI 1 is Linux 5.13):
what it does not know yet is left out here, and the measurement says what is open for that.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.sandbox.kernel import system_call

CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH, RULE_NET_PORT = 1, 2
READ_FILE, READ_DIR, WRITE_FILE, IOCTL_DEV = 1 << 2, 1 << 3, 1 << 1, 1 << 15
# By the version that first had them: all of before 2; REFER; TRUNCATE; IOCTL_DEV.
FILES_SINCE = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, IOCTL_DEV))
BIND_TCP, CONNECT_TCP = 1, 2
NET_SINCE, SCOPES_SINCE = 4, 6
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2
ON_FILES = READ_FILE | WRITE_FILE | 1 | 1 << 14 | IOCTL_DEV
"""The rights that a rule about a file may name; the others are about folders."""
READING = READ_FILE | READ_DIR
WRITING = READING | sum(1 << bit for bit in (1, 4, 5, 7, 8, 9, 13, 14))
"""Files, folders and sockets may be made, changed and removed; devices, pipes and links may not be made."""


@dataclass(frozen=True, slots=True)
class Openings:
    """What a process may open from now on, with all that lies beneath; what is not there is passed over."""

    reads: tuple[Path, ...]
    writes: tuple[Path, ...]
    listens: tuple[int, ...] = ()
    """TCP ports that it may be reached at."""
    connects: tuple[int, ...] = ()
    """TCP ports that it may reach others at."""


def version() -> int:
    """The version of the kernel's Landlock, or 0 where there is none."""
    try:
        return system_call("landlock_create_ruleset", None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def close_but(openings: Openings) -> None:
    """Refuse everything else to this thread and to those that it begins; raises OSError without Landlock.

    Threads that run already keep their rights: call it before there are any. Needs no_new_privs.
    """
    known = version()
    files = sum(rights for since, rights in FILES_SINCE if known >= since)
    ruleset = system_call("landlock_create_ruleset", *_ruleset(known, files), 0)
    try:
        for paths, rights in ((openings.reads, READING), (openings.writes, WRITING)):
            _allow_beneath(ruleset, paths, rights & files)
        if known >= NET_SINCE:
            _allow_ports(ruleset, openings.listens, BIND_TCP)
            _allow_ports(ruleset, openings.connects, CONNECT_TCP)
        system_call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _ruleset(known: int, files: int) -> tuple[bytes, int]:
    """Struct landlock_ruleset_attr, as long as this version knows it, and its length."""
    parts = [files]
    if known >= NET_SINCE:
        parts.append(BIND_TCP | CONNECT_TCP)
    if known >= SCOPES_SINCE:
        parts.append(SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS)
    described = struct.pack(f"={len(parts)}Q", *parts)
    return described, len(described)


def _allow_beneath(ruleset: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            there = rights if stat.S_ISDIR(os.fstat(place).st_mode) else rights & ON_FILES
            # struct landlock_path_beneath_attr is packed.
            system_call("landlock_add_rule", ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", there, place), 0)
        finally:
            os.close(place)


def _allow_ports(ruleset: int, ports: Sequence[int], right: int) -> None:
    for port in ports:
        system_call("landlock_add_rule", ruleset, RULE_NET_PORT, struct.pack("=QQ", right, port), 0)
