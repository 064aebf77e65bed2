"""Content keys: a random key for each writing of a table, kept beside it, wrapped under the at-rest key.

Whoever destroys the key file has destroyed the table, also in copies of the table alone. While a
table is being replaced its key file holds two wraps, the coming and the present one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet.encryption import create_decryption_properties

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import WRAPPED_BYTES, Keystore

KEY_SUFFIX, _PARTIAL = ".key", ".key-partial"


def key_file(table: Path) -> Path:
    """Where the wrapped key of a table lies: beside it."""
    return table.with_suffix(KEY_SUFFIX)


def content_keys(keystore: Keystore, project_id: str, name: str, table: Path) -> tuple[bytes, ...]:
    """The keys a table may have, by its key file; without one the key that follows from the at-rest key.

    None at all for a key file that this at-rest key does not open.
    """
    try:
        return opened(keystore, project_id, name, key_file(table))
    except FileNotFoundError:
        return (keystore.data_key(project_id, name),)


def opened(keystore: Keystore, project_id: str, purpose: str, path: Path) -> tuple[bytes, ...]:
    """The keys of a file of wraps that this at-rest key opens, in order, each once."""
    keys = (keystore.unwrapped(project_id, purpose, wrapped) for wrapped in wraps_of(path))
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def wraps_of(path: Path) -> list[bytes]:
    """The wraps of a file, one after the other; raises FileNotFoundError."""
    kept = path.read_bytes()
    return [kept[start : start + WRAPPED_BYTES] for start in range(0, len(kept), WRAPPED_BYTES)]


def present_keys(keystore: Keystore, project_id: str, name: str, table: Path) -> tuple[bytes, ...]:
    """The key that opens the table that is there, if one is and something still opens it."""
    keys = content_keys(keystore, project_id, name, table)
    return tuple(key for key in keys if opens(key, table))[:1]


def stored_secret(keystore: Keystore, project_id: str, name: str, path: Path) -> bytes:
    """32 bytes that stay what they are when the at-rest key is another: wrapped under it, and kept.

    They begin as what follows from the at-rest key, so that a crash before they are kept changes nothing.
    Raises `EngineRefusal`, VAULT_DAMAGED, for a file that this at-rest key does not open.
    """
    purpose = secret_purpose(name)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep(path, keystore.wrapped(project_id, purpose, keystore.data_key(project_id, name)))
    secret = opened(keystore, project_id, purpose, path)
    if len(secret) != 1:
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED)
    return secret[0]


def secret_purpose(name: str) -> str:
    """What a kept secret is wrapped for: no table has a name with a space."""
    return f"secret {name}"


def keep(path: Path, *wraps: bytes) -> None:
    """Write wrapped keys: after a crash the file is there whole, or as it was before."""
    partial = path.with_suffix(_PARTIAL)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(wraps))
            file.flush()
            os.fsync(descriptor)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    make_durable(path.parent)


def make_durable(folder: Path) -> None:
    """Let the names of a folder survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opens(key: bytes, table: Path) -> bool:
    """Whether this key opens the footer of a table; no column is read."""
    try:
        with pq.ParquetFile(table, decryption_properties=create_decryption_properties(key)):
            return True
    except (OSError, pa.ArrowException):
        return False
