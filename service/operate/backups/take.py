"""A backup: data and keys of a stopped installation as of one moment, each into a folder of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.vault.keystore import Keystore
from service.clock import Clock, Randomness, new_id
from service.database import engine_for
from service.locks import only_one
from service.operate.backups.copying import copy_database, copy_file, copy_folder
from service.operate.backups.description import DATABASE, NAME, Backup, Copied, Places
from service.operate.folders import PROCESSES, acting_as
from service.operate.installation import SEALED_TO, Home
from service.operate.rotation.key_files import KeyFiles
from service.problems.backups import BackupNeedsSqlite, BackupNotMade, FolderThere
from service.problems.tools import ServiceRunning

FILES = ("pins.json", "installation.json", "identity-provider.json")
DATA_FOLDERS, KEY_FOLDERS = ("spool", "vault"), ("governance", "keys")
UNFINISHED = "uploads/"
"""Uploads that are coming in begin again."""


def back_up(
    home: Home, places: Places, begin: Callable[[str], None], *, clock: Clock, random: Randomness
) -> Backup:
    """Copy an installation; `begin` enters the backup's id before anything is copied.

    The description is written last: what a crash leaves is no backup. Raises BackupNeedsSqlite, FolderThere,
    ServiceRunning while a worker runs, and BackupNotMade.
    """
    if home.read().database_url is not None:
        raise BackupNeedsSqlite
    if any(place.exists() for place in places):
        raise FolderThere
    backup_id = new_id(clock, random)
    try:
        with _stopped(home):
            begin(backup_id)
            with _unwritten(home):
                files = dict(_copied(home, places))
            backup = Backup(
                backup_id=backup_id, made_at=clock(), at_rest_keys=at_rest_keys(home), files=files
            )
            partial = places.data / f"{NAME}.partial"
            partial.write_text(backup.to_json() + "\n")
            partial.replace(places.data / NAME)
    except (OSError, sqlite3.Error, EngineRefusal):
        raise BackupNotMade from None
    return backup


def at_rest_keys(home: Home) -> dict[str, str]:
    """The fingerprint of each role's at-rest key; raises EngineRefusal, KEY_INVALID."""
    return {role: Keystore.from_file(KeyFiles(home.keys(role)).key).fingerprint() for role in SEALED_TO}


@contextmanager
def _stopped(home: Home) -> Iterator[None]:
    """Hold every worker's lock, so that vaults, hand-overs and releases stay as they are."""
    separate = home.read().separate_users
    with ExitStack() as held:
        for role in PROCESSES:
            if role == "api":  # writes the database and deliveries alone: see _unwritten
                continue
            with acting_as(role, separate=separate):
                if not held.enter_context(only_one(home.root / "status" / role)):
                    raise ServiceRunning
        yield


@contextmanager
def _unwritten(home: Home) -> Iterator[None]:
    """Hold the write lock of the database: whoever wants to commit waits, so the spool fits the database."""
    engine = engine_for(home.database_url)
    try:
        with engine.begin():
            yield
    finally:
        engine.dispose()


def _copied(home: Home, places: Places) -> Iterator[tuple[str, Copied]]:
    for place in places:
        place.mkdir(mode=0o700)
    (places.data / DATABASE).parent.mkdir()
    yield DATABASE, copy_database(home.root / DATABASE, places.data / DATABASE)
    for name in FILES:
        if (home.root / name).exists():
            yield name, copy_file(home.root / name, places.data / name)
    for folder in DATA_FOLDERS:
        for name, copied in copy_folder(home.root / folder, places.data / folder, _is_finished):
            yield f"{folder}/{name}", copied
    for folder in KEY_FOLDERS:
        for _ in copy_folder(home.root / folder, places.keys / folder):
            pass  # whose digests stay unsaid


def _is_finished(name: str) -> bool:
    return not name.startswith(UNFINISHED)
