"""What a backup says of itself: which keys belong to it, and the digest of each of its files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import StringConstraints, ValidationError

from linkage_engine.contract.value import RandomId, Sha256, Value
from service.problems.backups import BackupDamaged

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
NAME = "backup.json"
DATABASE = "control/control.db"


class Copied(Value):
    """A file as it was copied."""

    sha256: Sha256
    size_bytes: int


class Backup(Value):
    """A whole backup: written last, so that a folder without it is none."""

    backup: Literal[1] = 1
    backup_id: RandomId
    made_at: datetime
    at_rest_keys: dict[str, Fingerprint]
    """By role: the key that the vaults of this backup open with."""
    files: dict[str, Copied]
    """By path within the folder; of keys the folder alone says what is there."""

    @classmethod
    def read(cls, folder: Path) -> Backup:
        """The description of a whole backup; raises BackupDamaged."""
        try:
            return cls.model_validate_json((folder / NAME).read_bytes())
        except (OSError, ValidationError):
            raise BackupDamaged from None


class Places(NamedTuple):
    """Where a backup lies: data and keys apart, since together they are the records."""

    data: Path
    keys: Path
