"""The seccomp filter: which system calls a worker may still make, as a BPF program.

A list of what is refused, not of what is allowed: Python, Arrow and DuckDB need some two
hundred calls. What the kernel gained after the table was written is refused as absent.
The program reads only the low word of an argument, as the kernel does for these calls.
"""

from __future__ import annotations

import errno
import socket
import struct
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from service.worker.sandbox.kernel import LAST_KNOWN_CALL, Architecture

# Offsets in struct seccomp_data (linux/seccomp.h); both machines are little endian.
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET, ARGUMENT_SIZE = 0, 4, 16, 8

# Instruction codes (linux/bpf_common.h) and verdicts (linux/seccomp.h).
LOAD_WORD, AND, JUMP_IF_EQUAL, JUMP_IF_GREATER, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x25, 0x35, 0x06
ALLOW, KILL_PROCESS, WITH_ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSE, ABSENT = WITH_ERRNO | errno.EPERM, WITH_ERRNO | errno.ENOSYS

X32_BIT = 0x40000000
WHOLE_WORD = 0xFFFFFFFF
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
# NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h); NEWTIME is clone3's alone.
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000


class Profile(StrEnum):
    """What a process is: a worker alone on a machine or beside a Spark cluster, or the Java of the latter."""

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


REFUSED_EVERYWHERE = (
    # ways around a filter of calls
    "io_uring_setup", "io_uring_enter", "io_uring_register",
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
    families = (socket.AF_UNIX,) if profile is Profile.LOCAL else (socket.AF_UNIX, socket.AF_INET)
    common = (
        ArgumentRule("socket", 0, WHOLE_WORD, tuple(map(int, families))),
        ArgumentRule("socketpair", 0, WHOLE_WORD, tuple(map(int, families))),
        ArgumentRule("clone", 0, NEW_NAMESPACES, (0,)),
    )
    # Java compiles at run time, so it may make written memory executable.
    memory = (
        ArgumentRule("mmap", 2, PROT_WRITE | PROT_EXEC, (0, PROT_WRITE, PROT_EXEC)),
        ArgumentRule("mprotect", 2, PROT_EXEC, (0,)),
        ArgumentRule("pkey_mprotect", 2, PROT_EXEC, (0,)),
        ArgumentRule("shmat", 2, SHM_EXEC, (0,)),
    )
    return common if profile is Profile.JAVA else common + memory


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
    )
    numbers = (architecture.number(call) for call in refused_calls(profile))
    plain = (_unless(JUMP_IF_EQUAL, number, REFUSE) for number in numbers if number is not None)
    by_argument = (_by_argument(architecture, rule) for rule in argument_rules(profile))
    return (*opening, *chain.from_iterable(plain), *chain.from_iterable(by_argument), _verdict(ALLOW))


def encode(instructions: tuple[Instruction, ...]) -> bytes:
    """The program as the kernel reads it: eight bytes an instruction."""
    return b"".join(struct.pack("<HBBI", *each) for each in instructions)


def _verdict(value: int) -> Instruction:
    return Instruction(RETURN, 0, 0, value)


def _unless(jump: int, operand: int, verdict: int) -> tuple[Instruction, ...]:
    """Give the verdict when the comparison holds, else go on."""
    return Instruction(jump, 0, 1, operand), _verdict(verdict)


def _by_argument(architecture: Architecture, rule: ArgumentRule) -> tuple[Instruction, ...]:
    """Decide one call for good: its number is compared first, so what follows never sees another call."""
    offset = ARGUMENTS_OFFSET + ARGUMENT_SIZE * rule.argument
    tests = (_unless(JUMP_IF_EQUAL, value, ALLOW) for value in rule.allowed)
    body = (
        Instruction(LOAD_WORD, 0, 0, offset),
        Instruction(AND, 0, 0, rule.mask),
        *chain.from_iterable(tests),
        _verdict(REFUSE),
    )
    return Instruction(JUMP_IF_EQUAL, 0, len(body), architecture.number(rule.call) or 0), *body
