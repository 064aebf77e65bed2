"""The kernel's numbers and the two calls through which the sandbox speaks to it."""

from __future__ import annotations

import ctypes
import errno
import os
from enum import Enum
from typing import NamedTuple


class Architecture(Enum):
    """A machine the sandbox knows; the value is what `uname -m` says."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"

    @property
    def audit_value(self) -> int:
        """The AUDIT_ARCH constant that seccomp shows a filter (linux/audit.h)."""
        return {Architecture.X86_64: 0xC000003E, Architecture.AARCH64: 0xC00000B7}[self]

    def number(self, call: str) -> int | None:
        """The number of a system call, or nothing where this machine has no such call."""
        return NUMBERS[call].on_x86_64 if self is Architecture.X86_64 else NUMBERS[call].on_aarch64


class Numbers(NamedTuple):
    """One system call's number on either machine (asm/unistd_64.h, asm-generic/unistd.h)."""

    on_x86_64: int
    on_aarch64: int | None


LAST_KNOWN_CALL = 462
"""mseal (Linux 6.10). Since 424 a call has one number on all machines; later ones are not in the table."""

NUMBERS = {
    "acct": Numbers(163, 89),
    "add_key": Numbers(248, 217),
    "adjtimex": Numbers(159, 171),
    "bpf": Numbers(321, 280),
    "capset": Numbers(126, 91),
    "chmod": Numbers(90, None),
    "chroot": Numbers(161, 51),
    "clock_adjtime": Numbers(305, 266),
    "clock_settime": Numbers(227, 112),
    "clone": Numbers(56, 220),
    "clone3": Numbers(435, 435),
    "connect": Numbers(42, 203),
    "creat": Numbers(85, None),
    "delete_module": Numbers(176, 106),
    "execve": Numbers(59, 221),
    "execveat": Numbers(322, 281),
    "fanotify_init": Numbers(300, 262),
    "fchmod": Numbers(91, 52),
    "fchmodat": Numbers(268, 53),
    "fchmodat2": Numbers(452, 452),
    "finit_module": Numbers(313, 273),
    "fsconfig": Numbers(431, 431),
    "fsmount": Numbers(432, 432),
    "fsopen": Numbers(430, 430),
    "fspick": Numbers(433, 433),
    "getpid": Numbers(39, 172),
    "init_module": Numbers(175, 105),
    "io_uring_enter": Numbers(426, 426),
    "io_uring_register": Numbers(427, 427),
    "io_uring_setup": Numbers(425, 425),
    "ioperm": Numbers(173, None),
    "iopl": Numbers(172, None),
    "kcmp": Numbers(312, 272),
    "kexec_file_load": Numbers(320, 294),
    "kexec_load": Numbers(246, 104),
    "keyctl": Numbers(250, 219),
    "landlock_add_rule": Numbers(445, 445),
    "landlock_create_ruleset": Numbers(444, 444),
    "landlock_restrict_self": Numbers(446, 446),
    "lookup_dcookie": Numbers(212, 18),
    "mknod": Numbers(133, None),
    "mknodat": Numbers(259, 33),
    "mmap": Numbers(9, 222),
    "modify_ldt": Numbers(154, None),
    "mount": Numbers(165, 40),
    "mount_setattr": Numbers(442, 442),
    "move_mount": Numbers(429, 429),
    "mprotect": Numbers(10, 226),
    "mq_open": Numbers(240, 180),
    "msgctl": Numbers(71, 187),
    "msgget": Numbers(68, 186),
    "msgrcv": Numbers(70, 188),
    "msgsnd": Numbers(69, 189),
    "name_to_handle_at": Numbers(303, 264),
    "open": Numbers(2, None),
    "open_by_handle_at": Numbers(304, 265),
    "open_tree": Numbers(428, 428),
    "openat": Numbers(257, 56),
    "openat2": Numbers(437, 437),
    "perf_event_open": Numbers(298, 241),
    "personality": Numbers(135, 92),
    "pidfd_getfd": Numbers(438, 438),
    "pivot_root": Numbers(155, 41),
    "pkey_mprotect": Numbers(329, 288),
    "process_madvise": Numbers(440, 440),
    "process_vm_readv": Numbers(310, 270),
    "process_vm_writev": Numbers(311, 271),
    "ptrace": Numbers(101, 117),
    "quotactl": Numbers(179, 60),
    "quotactl_fd": Numbers(443, 443),
    "reboot": Numbers(169, 142),
    "request_key": Numbers(249, 218),
    "seccomp": Numbers(317, 277),
    "semctl": Numbers(66, 191),
    "semget": Numbers(64, 190),
    "semop": Numbers(65, 193),
    "semtimedop": Numbers(220, 192),
    "setdomainname": Numbers(171, 162),
    "sethostname": Numbers(170, 161),
    "setns": Numbers(308, 268),
    "settimeofday": Numbers(164, 170),
    "shmat": Numbers(30, 196),
    "shmctl": Numbers(31, 195),
    "shmget": Numbers(29, 194),
    "socket": Numbers(41, 198),
    "socketpair": Numbers(53, 199),
    "swapoff": Numbers(168, 225),
    "swapon": Numbers(167, 224),
    "syslog": Numbers(103, 116),
    "umount2": Numbers(166, 39),
    "unshare": Numbers(272, 97),
    "uselib": Numbers(134, None),
    "userfaultfd": Numbers(323, 282),
    "vhangup": Numbers(153, 58),
}


def this_architecture() -> Architecture | None:
    """The machine we run on, or nothing if the sandbox does not know it."""
    return next((known for known in Architecture if known.value == os.uname().machine), None)


def system_call(name: str, *arguments: int | bytes | None) -> int:
    """Make a system call by name; raises OSError with the kernel's errno.

    ENOSYS where this machine has no such call; ENOTSUP where we do not know the machine, so that
    ignorance is never read as a refusal.
    """
    architecture = this_architecture()
    if architecture is None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    number = architecture.number(name)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return numbered_call(number, *arguments)


def numbered_call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call by number; integers go as machine words, bytes as the address of a copy."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(each) if isinstance(each, int) else ctypes.c_char_p(each) for each in arguments]
    return _checked(libc.syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: int) -> int:
    """Change a property of this process; raises OSError with the kernel's errno."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    libc = ctypes.CDLL(None, use_errno=True)
    return _checked(libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(each) for each in padded)))


def _checked(result: int) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
