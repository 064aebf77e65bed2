"""Tables at rest: encrypted Parquet, each written once, whole and durable, under its own key.

Parquet modular encryption (AES-GCM, footer and columns, 256-bit keys). A key is random and belongs to
one writing of one name, so swapped or renamed files do not open, and what has lost its key is lost.
DuckDB cannot read the files, so tables enter it as Arrow.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyarrow.parquet.encryption import create_decryption_properties, create_encryption_properties

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.content_keys import (
    content_keys,
    keep,
    key_file,
    make_durable,
    present_keys,
    stored_secret,
)
from linkage_engine.vault.keystore import Keystore

PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(?:/[a-z0-9][a-z0-9_-]{0,62}){0,3}")
_DIGEST = b"tre-linkage vault content key digest v1\0"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
TABLE_SUFFIX, _PARTIAL, SECRET_SUFFIX = ".parquet", ".partial", ".secret"

RECORD_KEYS = "record-keys"
"""The secret of a project that cell keys are made from, by this name in the gate's vault."""


class Vault:
    """The tables of one role: `project_id`, then a name of one to four parts, as in `payload/north/death`.

    Every method raises `EngineRefusal`, VAULT_NAME_INVALID, for a project or name of another shape.
    """

    def __init__(self, root: Path, keystore: Keystore) -> None:
        self._root = root
        self._keystore = keystore

    def write(self, project_id: str, name: str, table: pa.Table, *, replace: bool = False) -> None:
        """Keep a table: after this returns it survives a crash, before it nothing of it is seen.

        Raises `EngineRefusal`: VAULT_OBJECT_EXISTS, unless it may replace what is there, and VAULT_FULL.
        """
        path = self._path(project_id, name)
        if path.exists() and not replace:
            raise EngineRefusal(RefusalCode.VAULT_OBJECT_EXISTS)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What a killed writer left is written over: one process of a role writes to its vault.
        partial = path.with_suffix(_PARTIAL)
        with room():
            try:
                key = AESGCM.generate_key(bit_length=256)
                _fill(partial, table, key)
                self._publish(project_id, name, key, partial)
            finally:
                partial.unlink(missing_ok=True)

    def _publish(self, project_id: str, name: str, key: bytes, partial: Path) -> None:
        """Give a finished file its name; cut anywhere, the key file opens the table that is there.

        1. The key file holds the coming key, and the present one where there is a table. 2. The table
        takes its name. 3. The key of the table that was replaced is dropped.
        """
        path = self._path(project_id, name)
        present = present_keys(self._keystore, project_id, name, path)
        wraps = [self._keystore.wrapped(project_id, name, each) for each in (key, *present)]
        keep(key_file(path), *wraps)
        partial.replace(path)
        make_durable(path.parent)
        if present:
            keep(key_file(path), wraps[0])

    def secret(self, project_id: str, name: str) -> bytes:
        """32 secret bytes of a project, the same under every at-rest key that follows.

        Raises `EngineRefusal`: VAULT_DAMAGED for a kept secret that does not open, and VAULT_FULL.
        """
        with room():
            path = self._path(project_id, name).with_suffix(SECRET_SUFFIX)
            return stored_secret(self._keystore, project_id, name, path)

    def key_digests(self, project_id: str, name: str) -> list[str]:
        """SHA-256 of each random key that a table may have; none where it has no key file that opens."""
        path = self._path(project_id, name)
        if not key_file(path).exists():
            return []
        keys = content_keys(self._keystore, project_id, name, path)
        return [hashlib.sha256(_DIGEST + key).hexdigest() for key in keys]

    def read(self, project_id: str, name: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """The table, or some of its columns.

        Raises `EngineRefusal`: VAULT_OBJECT_MISSING, or VAULT_DAMAGED for a file that was changed, is
        not encrypted or was written under another key.
        """
        path = self._path(project_id, name)
        tried: tuple[bytes, ...] = ()
        # A table that is replaced while it is read has another key: asked again until no key is new.
        while (keys := content_keys(self._keystore, project_id, name, path)) != tried:
            for key in keys:
                try:
                    properties = create_decryption_properties(key)
                    with pq.ParquetFile(path, decryption_properties=properties) as file:
                        return file.read(columns=columns)
                except FileNotFoundError:
                    raise EngineRefusal(RefusalCode.VAULT_OBJECT_MISSING) from None
                except (OSError, pa.ArrowException):  # Arrow's messages may quote what they could not read
                    continue
            tried = keys
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None

    def exists(self, project_id: str, name: str) -> bool:
        """Whether a table of that name is kept; its contents are not looked at."""
        return self._path(project_id, name).is_file()

    def names(self, project_id: str, prefix: str = "") -> tuple[str, ...]:
        """The names of a project that begin with a prefix, in order."""
        project = self._project(project_id)
        found = (path.relative_to(project).as_posix() for path in project.rglob(f"*{TABLE_SUFFIX}"))
        return tuple(sorted(n for name in found if (n := name.removesuffix(TABLE_SUFFIX)).startswith(prefix)))

    def remove(self, project_id: str, name: str) -> None:
        """Forget a table, its key first; nothing happens when there is none."""
        path = self._path(project_id, name)
        if key_file(path).exists():
            key_file(path).unlink()
            make_durable(path.parent)
        path.unlink(missing_ok=True)

    def secret_names(self, project_id: str) -> tuple[str, ...]:
        """The names of the secrets that a project has, in order."""
        project = self._project(project_id)
        found = (path.relative_to(project).with_suffix("") for path in project.rglob(f"*{SECRET_SUFFIX}"))
        return tuple(sorted(path.as_posix() for path in found))

    def secret_digest(self, project_id: str, name: str) -> str:
        """SHA-256 of a secret, for who certifies that it is gone; raises `EngineRefusal`, VAULT_DAMAGED."""
        return hashlib.sha256(_DIGEST + self.secret(project_id, name)).hexdigest()

    def remove_secret(self, project_id: str, name: str) -> None:
        """Forget a secret; nothing happens when there is none."""
        path = self._path(project_id, name).with_suffix(SECRET_SUFFIX)
        if path.exists():
            path.unlink()
            make_durable(path.parent)

    def drop_replaced_keys(self, project_id: str, name: str) -> None:
        """Leave the key of the table that is there alone: one that was replaced opens no more."""
        path = self._path(project_id, name)
        for key in present_keys(self._keystore, project_id, name, path):
            keep(key_file(path), self._keystore.wrapped(project_id, name, key))

    def _project(self, project_id: str) -> Path:
        if PROJECT.fullmatch(project_id) is None:
            raise EngineRefusal(RefusalCode.VAULT_NAME_INVALID)
        return self._root / project_id

    def _path(self, project_id: str, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise EngineRefusal(RefusalCode.VAULT_NAME_INVALID)
        return self._project(project_id) / f"{name}{TABLE_SUFFIX}"


def _fill(partial: Path, table: pa.Table, key: bytes) -> None:
    """Write a table under a key, and flush it to the disk."""
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        properties = create_encryption_properties(key)
        pq.write_table(table, file, compression="zstd", encryption_properties=properties)
        file.flush()
        os.fsync(descriptor)


@contextmanager
def room() -> Iterator[None]:
    """Refuse, VAULT_FULL, what the disk has no room for."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in _NO_ROOM:
            raise
        raise EngineRefusal(RefusalCode.VAULT_FULL) from None
