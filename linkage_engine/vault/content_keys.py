"""Content keys: one random key for each table, kept beside it, wrapped under the role's at-rest key.

Whoever destroys the key file has destroyed the table, also in copies of the table alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import Keystore

_SUFFIX, _PARTIAL = ".key", ".key-partial"


def key_file(table: Path) -> Path:
    """Where the wrapped key of a table lies: beside it."""
    return table.with_suffix(_SUFFIX)


def content_key(keystore: Keystore, project_id: str, name: str, table: Path) -> bytes:
    """The key of a table, by its key file; without one the key that follows from the at-rest key.

    Raises `EngineRefusal`, VAULT_DAMAGED, for a key file that this at-rest key does not open.
    """
    try:
        wrapped = key_file(table).read_bytes()
    except FileNotFoundError:
        return keystore.data_key(project_id, name)
    key = keystore.unwrapped(project_id, name, wrapped)
    if key is None:
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None
    return key


def keep(table: Path, wrapped: bytes) -> None:
    """Put a wrapped key beside its table: after a crash it is there whole, or not at all."""
    partial = table.with_suffix(_PARTIAL)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(wrapped)
            file.flush()
            os.fsync(descriptor)
        partial.replace(key_file(table))
    finally:
        partial.unlink(missing_ok=True)
    make_durable(table.parent)


def make_durable(folder: Path) -> None:
    """Let the names of a folder survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
