"""An installation of a backup: held to the log first, made aside, and in its place by one rename.

What was ordered destroyed and whose keys were revoked is read from the whole log, so an older backup brings
neither back: deliveries leave the spool here, and each worker obeys its orders before it takes a job.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.contract.value import Value
from migrations import upgrade
from service.access.actions import revoke_again
from service.act import Act
from service.audit.archive import NotVerified
from service.audit.checkpoint import LogKey, NotACheckpoint
from service.audit.continuation import Standing, carry_on, standing_of
from service.audit.records import acts_since, entries_of_acts, leaf_count, newest_sequence
from service.audit.vocabulary import Action
from service.destructions.actions import withdraw_again
from service.destructions.repetition import FILE as REPEAT
from service.destructions.repetition import Orders, orders_of
from service.keys import Pins
from service.operate.acting import acting, shared_files
from service.operate.backups.copying import copy_file, copy_folder
from service.operate.backups.description import DATABASE, Backup, Copied, Places
from service.operate.backups.since import to_do_again
from service.operate.backups.take import DATA_FOLDERS, FILES, KEY_FOLDERS, at_rest_keys
from service.operate.folders import arrange, user_of
from service.operate.installation import SEALED_TO, Home, share_database
from service.problems.backups import (
    BackupBehindLog,
    BackupDamaged,
    BackupKeysDiffer,
    BackupNotMade,
    CheckpointRefused,
    FolderThere,
    LogBundleRefused,
    NewestCheckpointUnsaid,
)
from service.projects.records import all_projects
from service.releases.forgotten import FILE as FORGOTTEN
from service.releases.forgotten import Forgotten
from service.submissions.spool import forget

ORDERS = (Action.SUBMISSION_WITHDRAW, Action.PROJECT_CLOSE)
MAKING = ".restoring"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the log from elsewhere."""

    bundle: Path | None = None
    """The log as a reviewer exported it."""
    checkpoints: Sequence[Path] = ()
    """What people kept of it, the newest that anybody has among them."""
    behind: bool = False
    """Go on all the same where the log is known to be, or may be, ahead."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore."""

    carried: int
    """Entries that the log had and the backup had not."""
    behind: bool
    """Whether the log is ahead of what could be restored, or may be."""
    orders: int
    revoked: int
    again: tuple[str, ...]
    """What is to be done again, a line each."""


class _Settled(NamedTuple):
    """What the log says of a backup: told to the operator, and laid down for workers."""

    restored: Restored
    orders: Orders
    forgotten: Forgotten
    destroyed: Sequence[str]
    """The digests of sealed deliveries that go."""


def restore(home: Home, places: Places, known: Known) -> Restored:
    """Make an installation of a backup where none is.

    Raises FolderThere, NewestCheckpointUnsaid, BackupDamaged, BackupKeysDiffer, LogBundleRefused,
    CheckpointRefused, BackupBehindLog and BackupNotMade; then there is no installation. What a crash leaves
    lies aside, and doing it again begins anew.
    """
    if home.root.exists():
        raise FolderThere
    if known.bundle is None and not known.checkpoints and not known.behind:
        raise NewestCheckpointUnsaid
    backup = Backup.read(places.data)
    making = Home(home.root.with_name(home.root.name + MAKING))
    try:
        shutil.rmtree(making.root, ignore_errors=True)
        _copy(backup, places, making)
        if at_rest_keys(making) != backup.at_rest_keys:
            raise BackupKeysDiffer
        with shared_files():
            upgrade(making.database_url)
            share_database(making)
        with acting(making) as act:
            settled = _settled(act, making, backup, known)
        for sha256 in settled.destroyed:
            forget(making.root / "spool", sha256)
        for role in SEALED_TO:
            _lay_down(making, role, REPEAT, settled.orders)
        _lay_down(making, "gate", FORGOTTEN, settled.forgotten)
        share_database(making)
        making.root.rename(home.root)
    except EngineRefusal:
        raise BackupKeysDiffer from None
    except (OSError, sqlite3.Error, SQLAlchemyError):
        raise BackupNotMade from None
    return settled.restored


def _copy(backup: Backup, places: Places, making: Home) -> None:
    """The files of a backup where an installation has them; raises BackupDamaged."""
    making.root.mkdir(mode=0o755)
    (making.root / DATABASE).parent.mkdir()
    copied: dict[str, Copied] = {}
    for name in (DATABASE, *FILES):
        if (places.data / name).is_file():
            copied[name] = copy_file(places.data / name, making.root / name)
    for folder in DATA_FOLDERS:
        found = copy_folder(places.data / folder, making.root / folder)
        copied |= {f"{folder}/{name}": each for name, each in found}
    if copied != backup.files:
        raise BackupDamaged
    for folder in KEY_FOLDERS:
        for _ in copy_folder(places.keys / folder, making.root / folder):
            pass
    arrange(making.root, separate_users=making.read().separate_users)


def _settled(act: Act, making: Home, backup: Backup, known: Known) -> _Settled:
    """Bring the database up to what the log says, and enter the restore."""
    session, key = act.session, LogKey.from_text(Pins.read(making.pins).log_vkey)
    size, newest, carried = leaf_count(session), newest_sequence(session), 0
    if known.bundle is not None:
        try:
            carried = carry_on(session, known.bundle, key=key, clock=act.clock)
        except NotVerified:
            raise LogBundleRefused from None
    behind = _is_behind(act, key, known)
    orders = orders_of(entries_of_acts(session, ORDERS))
    destroyed = withdraw_again(act, orders)
    revoked = revoke_again(act, list(entries_of_acts(session, [Action.KEY_REVOKE])))
    act.enter(
        Action.INSTALLATION_RESTORE,
        backup.backup_id,
        kind="behind" if behind else "level",
        size=size,
        count=carried,
        revoked=revoked,
    )
    since = acts_since(session, newest)
    told = {project for action, project, _ in since if project and action == Action.TABLE_CONTROL}
    earlier = making.vault("gate") / FORGOTTEN
    if earlier.exists():  # the backup is of an installation that was restored itself
        told |= set(Forgotten.model_validate_json(earlier.read_bytes()).projects)
    if behind:  # whatever was told since, nobody here knows
        told |= {project.id for project in all_projects(session)}
    restored = Restored(carried, behind, len(orders.orders), revoked, tuple(to_do_again(since)))
    return _Settled(restored, orders, Forgotten(projects=tuple(sorted(told))), destroyed)


def _is_behind(act: Act, key: LogKey, known: Known) -> bool:
    """Whether a newer checkpoint is held, or nobody said; raises CheckpointRefused, BackupBehindLog."""
    found = [_standing(act, key, path) for path in known.checkpoints]
    if Standing.OTHER in found:
        raise CheckpointRefused
    if Standing.AHEAD in found and not known.behind:
        raise BackupBehindLog
    return Standing.AHEAD in found or not (found or known.bundle)


def _standing(act: Act, key: LogKey, path: Path) -> Standing:
    try:
        return standing_of(act.session, key.open(path.read_text()))
    except (OSError, UnicodeDecodeError, NotACheckpoint):
        raise CheckpointRefused from None


def _lay_down(making: Home, role: str, name: str, said: Value) -> None:
    """Tell a worker something in its own folder."""
    path = making.vault(role) / name
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(said.to_json())
        file.flush()
        os.fsync(file.fileno())
    if making.read().separate_users:
        os.chown(path, *user_of(role))
