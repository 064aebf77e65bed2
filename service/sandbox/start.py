"""Start a program with fewer rights: leave the network, become its user, give up privileges, then exec.

Run as `python -m service.sandbox.start [--uid N --gid N] [--group N] [--own-network] --parent PID --
PROGRAM ...`; `--group` as often as there are other groups, `--java` for what starts Java beside a worker.
A child of the supervisor needs this because only root may leave the network, and a user once
dropped cannot; subprocess drops before any code of ours could run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from service.sandbox.apply import (
    PR_SET_PDEATHSIG,
    drop_capabilities,
    drop_to,
    enter_namespace,
    install_filter,
    refuse_new_privileges,
)
from service.sandbox.filter import Profile
from service.sandbox.kernel import prctl

NO_PERMISSION, CANNOT_EXECUTE = os.EX_NOPERM, 126


def main(arguments: Sequence[str]) -> int:
    """Become the program; comes back, with an exit code, only when that failed."""
    asked = _parse(arguments)
    # 1. What needs root. Without it the worker's own measurement says `reduced`.
    if asked.own_network and not enter_namespace():
        sys.stderr.write("start: no network namespace of its own (only root may make one)\n")
    # 2. The user. After this there is no way back.
    try:
        if asked.uid is not None:
            drop_to(asked.uid, asked.gid, asked.group)
        drop_capabilities()
        refuse_new_privileges()
        if asked.java:
            install_filter(Profile.JAVA)
    except OSError as refused:
        sys.stderr.write(f"start: cannot drop rights: {refused.strerror}; start as root or give no uid\n")
        return NO_PERMISSION
    # 3. Die with the supervisor. Set last: a change of user clears it (prctl(2)).
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != asked.parent:
        sys.stderr.write("start: the supervisor has gone\n")
        return NO_PERMISSION
    # 4. Become the program.
    try:
        os.execv(asked.program[0], asked.program)  # noqa: S606 - no shell is the point
    except OSError as refused:
        sys.stderr.write(f"start: cannot execute the program: {refused.strerror}\n")
    return CANNOT_EXECUTE


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="start", allow_abbrev=False)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--group", type=int, action="append", default=[])
    parser.add_argument("--own-network", action="store_true")
    parser.add_argument("--java", action="store_true", help="with the filter of Java beside a worker")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("program", nargs="+")
    asked = parser.parse_args(arguments)
    if (asked.uid is None) != (asked.gid is None):
        parser.error("--uid and --gid go together")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
