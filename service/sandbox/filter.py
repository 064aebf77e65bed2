"""The seccomp filter: which system calls a worker may still make, as a BPF program.

A list of what is refused, not of what is allowed: Python, Arrow and DuckDB need some two
hundred calls. What the kernel gained after the table was written is refused as absent.
The program reads only the low word of an argument, as the kernel does for these calls.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from service.sandbox.kernel import LAST_KNOWN_CALL, Architecture

# Offsets in struct seccomp_data (linux/seccomp.h); both machines are little endian.
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET, ARGUMENT_SIZE = 0, 4, 16, 8

# Instruction codes (linux/bpf_common.h) and verdicts (linux/seccomp.h).
LOAD_WORD, AND, JUMP_IF_EQUAL, JUMP_IF_GREATER, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x25, 0x35, 0x06
ALLOW, KILL_PROCESS, WITH_ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSE, ABSENT = WITH_ERRNO | errno.EPERM, WITH_ERRNO | errno.ENOSYS

X32_BIT = 0x40000000
WHOLE_WORD = 0xFFFFFFFF
PROT_WRITE, PROT_EXEC = 2, 4
SOCKET_KIND = 0xF
SET_IDS = stat.S_ISUID | stat.S_ISGID
MAKES_A_FILE = os.O_CREAT | (os.O_TMPFILE & ~os.O_DIRECTORY)
# NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h); NEWTIME is clone3's alone.
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000


class Profile(StrEnum):
    """What a process is: the api, a worker alone or beside a Spark cluster, or the Java of the latter."""

    API = "api"
    API_AND_PROVIDER = "api-and-provider"
    """The api that asks an organisation's identity provider, and a server of names where that is."""
    LOCAL = "local"
    CLUSTER = "cluster"
    JAVA = "java"


class Instruction(NamedTuple):
    """One step of classic BPF: struct sock_filter (linux/filter.h)."""

    code: int
    if_true: int
    if_false: int
    operand: int


class ArgumentRule(NamedTuple):
    """A call is allowed only while the masked argument is one of these values."""

    call: str
    argument: int
    mask: int
    allowed: tuple[int, ...]
    otherwise_next: bool = False
    """Any other value is not refused: the next rule about the call decides."""
    only_then_next: bool = False
    """The one value is not enough: the next rule about the call decides."""


REFUSED_EVERYWHERE = (
    # ways around a filter of calls
    "io_uring_setup", "io_uring_enter", "io_uring_register",
    # memory, queues and semaphores that outlive who made them and need no file (System V, POSIX queues)
    "shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl",
    "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open",
    # other processes' memory and descriptors
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    # namespaces and the tree of files
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "fanotify_init",
    "name_to_handle_at", "open_by_handle_at",
    # the kernel itself
    "bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "add_key", "request_key", "keyctl",
    "personality", "modify_ldt", "iopl", "ioperm", "uselib",
    # the machine
    "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "vhangup",
    "lookup_dcookie", "sethostname", "setdomainname", "settimeofday", "clock_settime",
    "clock_adjtime", "adjtimex",
)  # fmt: skip

REFUSED_TO_WORKERS = ("execve", "execveat")
"""What starts Java beside a worker of profile `cluster` is begun before; no worker starts anything."""


def refused_calls(profile: Profile) -> tuple[str, ...]:
    """The calls refused whatever their arguments."""
    return REFUSED_EVERYWHERE + (() if profile is Profile.JAVA else REFUSED_TO_WORKERS)


def argument_rules(profile: Profile) -> tuple[ArgumentRule, ...]:
    """The calls allowed with some arguments only."""
    if profile is Profile.JAVA:  # it compiles at run time, so it may make written memory executable
        return (*_sockets(profile), *_NO_NAMESPACE)
    return (*_sockets(profile), *_NO_NAMESPACE, *_HONEST_MEMORY, *_NO_SET_USER_ID)


def _sockets(profile: Profile) -> tuple[ArgumentRule, ...]:
    unix = ArgumentRule("socketpair", 0, WHOLE_WORD, (socket.AF_UNIX,))
    if profile is Profile.LOCAL:
        return ArgumentRule("socket", 0, WHOLE_WORD, (socket.AF_UNIX,)), unix
    if profile is Profile.API:  # it listens; datagrams would take data out without any connection
        return (
            ArgumentRule("socket", 0, WHOLE_WORD, (socket.AF_UNIX,), otherwise_next=True),
            ArgumentRule("socket", 1, SOCKET_KIND, (socket.SOCK_STREAM,), only_then_next=True),
            ArgumentRule("socket", 0, WHOLE_WORD, (socket.AF_INET, socket.AF_INET6)),
            unix,
        )
    if profile is Profile.API_AND_PROVIDER:
        families = (int(socket.AF_UNIX), int(socket.AF_INET), int(socket.AF_INET6))
        return ArgumentRule("socket", 0, WHOLE_WORD, families), unix
    both = (int(socket.AF_UNIX), int(socket.AF_INET))
    return tuple(ArgumentRule(call, 0, WHOLE_WORD, both) for call in ("socket", "socketpair"))


_NO_NAMESPACE = (ArgumentRule("clone", 0, NEW_NAMESPACES, (0,)),)
_HONEST_MEMORY = (
    ArgumentRule("mmap", 2, PROT_WRITE | PROT_EXEC, (0, PROT_WRITE, PROT_EXEC)),
    ArgumentRule("mprotect", 2, PROT_EXEC, (0,)),
    ArgumentRule("pkey_mprotect", 2, PROT_EXEC, (0,)),
)
# A file that runs as its owner or group is left for whoever runs it, by a process that may run nothing.
_NO_SET_USER_ID = (
    *(ArgumentRule(call, 1, SET_IDS, (0,)) for call in ("chmod", "fchmod", "creat", "mknod")),
    *(ArgumentRule(call, 2, SET_IDS, (0,)) for call in ("fchmodat", "fchmodat2", "mknodat")),
    # The mode is read only where a file is made; else it is whatever was left in the register.
    ArgumentRule("open", 1, MAKES_A_FILE, (0,), otherwise_next=True),
    ArgumentRule("open", 2, SET_IDS, (0,)),
    ArgumentRule("openat", 2, MAKES_A_FILE, (0,), otherwise_next=True),
    ArgumentRule("openat", 3, SET_IDS, (0,)),
)


def program(architecture: Architecture, profile: Profile) -> tuple[Instruction, ...]:
    """The filter for a machine: another instruction set kills, x32 is refused, then call by call."""
    opening = (
        Instruction(LOAD_WORD, 0, 0, ARCHITECTURE_OFFSET),
        Instruction(JUMP_IF_EQUAL, 1, 0, architecture.audit_value),
        _verdict(KILL_PROCESS),
        Instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),
        *_unless(JUMP_IF_AT_LEAST, X32_BIT, REFUSE),
        *_unless(JUMP_IF_GREATER, LAST_KNOWN_CALL, ABSENT),
        # glibc falls back to clone, whose flags a filter can read; clone3 keeps them behind a pointer.
        *_unless(JUMP_IF_EQUAL, architecture.number("clone3") or 0, ABSENT),
        # Likewise openat2, which keeps modes there; glibc and Python open with openat.
        *_unless(JUMP_IF_EQUAL, architecture.number("openat2") or 0, ABSENT),
    )
    numbers = (architecture.number(call) for call in refused_calls(profile))
    plain = (_unless(JUMP_IF_EQUAL, number, REFUSE) for number in numbers if number is not None)
    rules = ((architecture.number(rule.call), rule) for rule in argument_rules(profile))
    by_argument = (_by_argument(number, rule) for number, rule in rules if number is not None)
    return (*opening, *chain.from_iterable(plain), *chain.from_iterable(by_argument), _verdict(ALLOW))


def encode(instructions: tuple[Instruction, ...]) -> bytes:
    """The program as the kernel reads it: eight bytes an instruction."""
    return b"".join(struct.pack("<HBBI", *each) for each in instructions)


def _verdict(value: int) -> Instruction:
    return Instruction(RETURN, 0, 0, value)


def _unless(jump: int, operand: int, verdict: int) -> tuple[Instruction, ...]:
    """Give the verdict when the comparison holds, else go on."""
    return Instruction(jump, 0, 1, operand), _verdict(verdict)


def _by_argument(number: int, rule: ArgumentRule) -> tuple[Instruction, ...]:
    """Judge one call: its number is compared first, so what follows never sees another call."""
    offset = ARGUMENTS_OFFSET + ARGUMENT_SIZE * rule.argument
    if rule.only_then_next:
        [value] = rule.allowed
        tests: tuple[Instruction, ...] = (Instruction(JUMP_IF_EQUAL, 1, 0, value), _verdict(REFUSE))
    else:
        tests = tuple(chain.from_iterable(_unless(JUMP_IF_EQUAL, value, ALLOW) for value in rule.allowed))
        tests += () if rule.otherwise_next else (_verdict(REFUSE),)
    body = (
        Instruction(LOAD_WORD, 0, 0, offset),
        Instruction(AND, 0, 0, rule.mask),
        *tests,
        Instruction(LOAD_WORD, 0, 0, NUMBER_OFFSET),  # what the next rule compares
    )
    return Instruction(JUMP_IF_EQUAL, 0, len(body), number), *body
