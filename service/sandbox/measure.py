"""Isolation as measured: every forbidden thing is tried, and what succeeded is named."""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.sandbox.attempts import Forbidden, forbidden_things
from service.sandbox.filter import Profile

REFUSED = frozenset({errno.EPERM, errno.EACCES})
"""How the kernel says no. Any other errno means that it went further than it should have."""

UNKNOWN = 255
"""An exit code that is no errno: the attempt ended otherwise than by the kernel's answer."""

PATIENCE_MS = 5_000


class State(StrEnum):
    """How far a worker is cut off."""

    FULL = "full"
    REDUCED = "reduced"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class Attempt:
    """One forbidden thing and whether it was refused."""

    name: str
    refused: bool


@dataclass(frozen=True)
class Isolation:
    """What was measured; nobody can state a state that the attempts do not bear out."""

    attempts: tuple[Attempt, ...]
    meant_to_be_open: frozenset[str] = frozenset()
    at_best: State = State.FULL

    @property
    def open(self) -> tuple[str, ...]:
        """The names of what succeeded."""
        return tuple(attempt.name for attempt in self.attempts if not attempt.refused)

    @property
    def unmeant(self) -> tuple[str, ...]:
        """The names of what succeeded and should not have."""
        return tuple(name for name in self.open if name not in self.meant_to_be_open)

    @property
    def state(self) -> State:
        """`full` when every attempt was refused but what the process is for, `cluster` for a Spark driver."""
        if not self.attempts or self.unmeant:
            return State.REDUCED
        return self.at_best

    def describe(self) -> str:
        """The line for the health page, the log and the demo."""
        refused = sum(attempt.refused for attempt in self.attempts)
        still_open = f"; open: {', '.join(self.open)}" if self.open else ""
        return (
            f"isolation {self.state}: {refused} of {len(self.attempts)} attempts refused{still_open}"
            " (says nothing of the control database, which all processes share)"
        )


def measure(profile: Profile, *, forbidden: Mapping[str, Path], unwritable: Mapping[str, Path]) -> Isolation:
    """Try everything a worker must not do, after `apply_sandbox`, and say what happened.

    `forbidden` names files and folders of other roles that exist (keys, vaults), `unwritable` folders that
    the role may read at most. Forks once per
    attempt, so call it at start, before there are threads; never raises.
    """
    things = forbidden_things(forbidden=forbidden, unwritable=unwritable)
    meant = frozenset(thing.name for thing in things if profile in thing.open_to)
    return Isolation(
        attempts=tuple(Attempt(thing.name, is_refusal(thing, outcome(thing))) for thing in things),
        meant_to_be_open=meant,
        at_best=State.CLUSTER if profile is Profile.CLUSTER else State.FULL,
    )


def is_refusal(thing: Forbidden, code: int) -> bool:
    """Read an outcome: permission denied, impossible here, or killed by the filter (minus SIGSYS)."""
    return code in REFUSED or code in thing.impossible or code == -signal.SIGSYS


def outcome(thing: Forbidden) -> int:
    """Try one thing, in a child if need be: 0 for success, an errno, minus a fatal signal, or UNKNOWN."""
    if thing.leaves_nothing:
        return _tried(thing)
    try:
        child = os.fork()
    except OSError:
        # A fork that was refused says nothing about the attempt.
        return UNKNOWN
    if child == 0:
        _try_and_leave(thing)
    try:
        return _wait(child)
    except OSError:
        return UNKNOWN


def _try_and_leave(thing: Forbidden) -> None:
    """In the child: leave with the errno, running none of the parent's clean-up."""
    code = UNKNOWN
    try:
        code = _tried(thing)
    finally:
        os._exit(code)


def _tried(thing: Forbidden) -> int:
    try:
        thing.act()
    except OSError as answer:
        return answer.errno or UNKNOWN
    return 0


def _wait(child: int) -> int:
    """The child's exit code, within five seconds; one that hangs is killed and tells nothing."""
    waiting = select.poll()
    descriptor = os.pidfd_open(child)
    try:
        waiting.register(descriptor, select.POLLIN)
        in_time = bool(waiting.poll(PATIENCE_MS))
    finally:
        os.close(descriptor)
    if not in_time:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if in_time else UNKNOWN
