"""Put the sandbox on: first what only root can take away, then what any process can.

Order: `enter_namespace` and `drop_to` in the launcher (start.py), `apply_sandbox` in the
worker. Nothing here claims success: measure.py attempts what should be impossible.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
from collections.abc import Callable, Sequence

from service.sandbox.filter import Profile, encode, program
from service.sandbox.kernel import prctl, system_call, this_architecture
from service.sandbox.landlock import Openings, close_but

# linux/prctl.h
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_SET_MDWE = 1, 4, 38, 47, 65
PR_CAP_AMBIENT_CLEAR_ALL, PR_MDWE_REFUSE_EXEC_GAIN = 4, 1
# linux/sched.h, linux/capability.h, linux/seccomp.h
CLONE_NEWNET = 0x40000000
CAPABILITY_VERSION_3 = 0x20080522
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1


def enter_namespace() -> bool:
    """Leave the machine's network for an empty one; false where the kernel does not let us.

    Another uid may not do this, so root does it before it drops its rights. Nothing is brought
    up in the new namespace, not even loopback.
    """
    try:
        system_call("unshare", CLONE_NEWNET)
    except OSError:
        return False
    return True


def drop_to(uid: int, gid: int, groups: Sequence[int] = ()) -> None:
    """Become that user and group for good, in no other groups than these; raises OSError if refused."""
    os.setgroups(list(groups))
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Empty this thread's capability sets; with no_new_privs even root's next exec regains none."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    system_call("capset", struct.pack("<Ii", CAPABILITY_VERSION_3, 0), bytes(24))


def refuse_new_privileges() -> None:
    """No exec of this process or its children gains a right by a set-uid bit or file capability."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def apply_sandbox(profile: Profile, openings: Openings | None = None) -> tuple[str, ...]:
    """Take every step and name those that this kernel did not take; without openings, Landlock is not asked.

    The filter holds for all threads; capabilities are emptied and folders closed for the calling thread
    only, so call this before there are others. Safe to repeat.
    """
    steps: dict[str, Callable[[], object]] = {
        "no_new_privs": refuse_new_privileges,
        "dumpable": lambda: prctl(PR_SET_DUMPABLE, 0),
        "core": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        "capabilities": drop_capabilities,
        "memory": _keep_memory_honest,
        **({"landlock": lambda: close_but(openings)} if openings is not None else {}),
        "seccomp": lambda: install_filter(profile),
    }
    return tuple(name for name, step in steps.items() if not _taken(step))


def _taken(step: Callable[[], object]) -> bool:
    try:
        step()
    except OSError:
        return False
    return True


def _keep_memory_honest() -> None:
    """Memory once written never becomes executable (Linux 6.3); older kernels have the filter alone."""
    prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN)


def install_filter(profile: Profile) -> None:
    """Refuse from now on, in every thread and child, what the profile refuses; raises OSError."""
    architecture = this_architecture()
    if architecture is None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    instructions = program(architecture, profile)
    code = ctypes.create_string_buffer(encode(instructions))
    # struct sock_fprog: a count, padding, the address of the program.
    described = struct.pack("@HP", len(instructions), ctypes.addressof(code))
    if system_call("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, described):
        # A positive answer is a thread that could not be given the filter: then no thread has it.
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
