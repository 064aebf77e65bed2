"""The at-rest key of one role, and the data keys derived from it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode

_KEY_BYTES = 32
_PURPOSE = b"tre-linkage vault object v1"


class Keystore:
    """Derives one key for each object of each project; never shown, copied or pickled."""

    __slots__ = ("_master_key",)

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != _KEY_BYTES:
            raise EngineRefusal(RefusalCode.KEY_INVALID)
        self._master_key = master_key

    @classmethod
    def create(cls, path: Path, random: Callable[[int], bytes]) -> Self:
        """Make a new key file of mode 0400; raises `FileExistsError` rather than touch one that is there."""
        master_key = random(_KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(master_key)
            file.flush()
            os.fsync(descriptor)
        return cls(master_key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The keystore of a key file: 32 random bytes in a plain file that its owner alone may read (0400).

        Raises `EngineRefusal`, KEY_INVALID. Remedy: `chmod 0400`, or the right file.
        """
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                master_key = file.read(_KEY_BYTES + 1)
        except OSError:
            raise EngineRefusal(RefusalCode.KEY_INVALID) from None
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) != stat.S_IRUSR:
            raise EngineRefusal(RefusalCode.KEY_INVALID)
        return cls(master_key)

    def data_key(self, project_id: str, object_name: str) -> bytes:
        """The 32-byte key of one object by HKDF-SHA256 (RFC 5869); names cannot contain a zero byte."""
        info = b"\0".join((_PURPOSE, project_id.encode(), object_name.encode()))
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._master_key)

    def __repr__(self) -> str:
        return "Keystore(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keystore is not copied or pickled")
