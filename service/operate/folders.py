"""Which folder is whose: each process may write where it has to, and nowhere else.

A folder that several write is sticky, so that nobody renames or removes what another made. The
sealed hand-overs between workers lie in a group of their own, which the api is not in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROCESSES = ("api", "linkage", "analysis", "gate", "log")
INSIDE = ("linkage", "analysis", "gate")
"""Who hands records on or is handed them."""
FIRST_UID = 61000
"""The group of all five; their users follow it. Chosen outside what Debian gives to people and packages."""
INSIDE_GID = FIRST_UID + len(PROCESSES) + 1
"""The group of those inside."""

PRIVATE, OWNERS, OWNERS_FOR_ALL, ALL_WRITE = 0o700, 0o2750, 0o750, 0o3770
OTHERS_PASS = 0o011
ROOT = None


class Folder(NamedTuple):
    """A folder of an installation: its owner (nobody: who set up), its group, what they may do."""

    name: str
    owner: str | None
    gid: int
    mode: int

    @property
    def uid(self) -> int:
        """The owner's user id."""
        return user_of(self.owner)[0] if self.owner else 0


SHARED = (
    # SQLite makes files beside its database, so all may; none may put another in its place.
    Folder("control", ROOT, FIRST_UID, ALL_WRITE),
    Folder("spool", ROOT, FIRST_UID, OWNERS_FOR_ALL),
    Folder("spool/uploads", "api", FIRST_UID, PRIVATE),
    Folder("spool/submissions", "api", FIRST_UID, OWNERS),
    Folder("spool/hand-overs", ROOT, INSIDE_GID, OWNERS_FOR_ALL),
    Folder("spool/hand-overs/linkage", "linkage", INSIDE_GID, OWNERS),
    Folder("spool/hand-overs/analysis", "analysis", INSIDE_GID, OWNERS),
    Folder("spool/evidence", "gate", FIRST_UID, OWNERS),
    Folder("spool/releases", "gate", FIRST_UID, OWNERS),
    Folder("status", ROOT, FIRST_UID, OWNERS_FOR_ALL),
    *(Folder(f"status/{process}", process, FIRST_UID, OWNERS) for process in PROCESSES),
)
OWN = tuple(
    Folder(f"{what}/{process}", process, FIRST_UID, PRIVATE)
    for what in ("keys", "vault")
    for process in PROCESSES
)
NOBODYS = ("logs", "governance")
"""Only who set up opens them."""


def user_of(process: str) -> tuple[int, int]:
    """The user and group id of a process."""
    return FIRST_UID + 1 + PROCESSES.index(process), FIRST_UID


def groups_of(process: str) -> tuple[int, ...]:
    """The groups that a process is in besides."""
    return (INSIDE_GID,) if process in INSIDE else ()


@contextmanager
def acting_as(process: str, *, separate: bool) -> Iterator[None]:
    """Do something as the user of a process, so that what is made is its own; as whoever asks otherwise."""
    if not separate:
        yield
        return
    before, (uid, gid) = (os.geteuid(), os.getegid()), user_of(process)
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])


def arrange(root: Path, *, separate_users: bool) -> None:
    """Make the folders that are not there, and give each its owner and rights; again changes nothing."""
    for folder in (*SHARED, *OWN):
        _arrange(root / folder.name, folder.mode, (folder.uid, folder.gid) if separate_users else None)
    for name in NOBODYS:
        _arrange(root / name, PRIVATE, None)


def _arrange(path: Path, mode: int, owner: tuple[int, int] | None) -> None:
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        path.parent.chmod(path.parent.stat().st_mode | OTHERS_PASS)  # others pass through, and see nothing
    path.mkdir(exist_ok=True)
    if owner:
        os.chown(path, *owner)
    path.chmod(mode)


def closed_to(process: str, root: Path) -> dict[str, Path]:
    """What a process must not be able to open, by the names that are shown."""
    closed = {"keys of governance": root / "governance", "logs": root / "logs"}
    for other in PROCESSES:
        if other != process:
            closed |= {f"keys of {other}": root / "keys" / other, f"vault of {other}": root / "vault" / other}
    if process not in INSIDE:
        closed["hand-overs"] = root / "spool" / "hand-overs"
    if process != "api":
        closed["uploads"] = root / "spool" / "uploads"
    return closed


def kept_from_writing(process: str, root: Path) -> Iterator[tuple[str, Path]]:
    """Where a process must not be able to make a file, by the names that are shown."""
    for folder in SHARED:
        if folder.mode != ALL_WRITE and folder.owner != process:
            yield folder.name, root / folder.name
