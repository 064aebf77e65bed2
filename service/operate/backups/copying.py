"""Copies of folders and of the control database: whole, durable, with owner and rights."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from service.operate.backups.description import Copied

CHUNK = 1 << 20
Wanted = Callable[[str], bool]
"""Whether a file of that path, relative to its folder, is copied."""


def copy_folder(source: Path, target: Path, wanted: Wanted = lambda _: True) -> Iterator[tuple[str, Copied]]:
    """Copy the regular files of a folder into another; each with its path within it and its digest.

    Links, pipes and what is not wanted stay behind. Folders get the rights and, for root, the owner of those
    that they are copies of.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_symlink() or not wanted(name):
            continue
        if path.is_dir():
            (target / name).mkdir(mode=0o700, exist_ok=True)
        elif path.is_file():
            yield name, copy_file(path, target / name)
    for path in (source, *sorted(source.rglob("*"))):
        made = target / path.relative_to(source)
        if made.is_dir() and not path.is_symlink():
            give_rights(path, made)


def copy_file(source: Path, target: Path) -> Copied:
    """Copy one file, bring it to the disk, and give it the rights of the first; its digest."""
    digest, size = hashlib.sha256(), 0
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with source.open("rb") as taken, os.fdopen(made, "wb") as file:
        while chunk := taken.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    give_rights(source, target)
    return Copied(sha256=digest.hexdigest(), size_bytes=size)


def give_rights(source: Path, target: Path) -> None:
    """The same mode; the same owner too where root copies."""
    said = source.stat()
    if os.geteuid() == 0:
        os.chown(target, said.st_uid, said.st_gid)
    target.chmod(said.st_mode & 0o7777)


def copy_database(source: Path, target: Path) -> Copied:
    """Copy a SQLite database as of one moment, whatever lies in its journal; the digest of the copy."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as taken,
        closing(sqlite3.connect(target)) as made,
    ):
        taken.backup(made)
        made.execute("PRAGMA journal_mode=DELETE")
    give_rights(source, target)
    with target.open("r+b") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Copied(sha256=digest, size_bytes=target.stat().st_size)
