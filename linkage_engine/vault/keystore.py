"""The at-rest key of one role, which wraps the content keys of its tables."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.sealed_key_file import opened_by_token, sealed_by_token
from linkage_engine.vault.token_key import SCHEME

_KEY_BYTES = 32
_PURPOSE = b"tre-linkage vault object v1"
_WRAPPING = b"tre-linkage vault content key v2"
_FINGERPRINT = b"tre-linkage at-rest key fingerprint v1"
_FINGERPRINT_BYTES = 16
_LONGEST = 4096
WRAPPED_BYTES = 40
"""A 32-byte key as RFC 3394 wraps it."""


class Keystore:
    """Wraps the key of each object of each project; never shown, copied or pickled."""

    __slots__ = ("_master_key",)

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != _KEY_BYTES:
            raise EngineRefusal(RefusalCode.KEY_INVALID)
        self._master_key = master_key

    @classmethod
    def create(cls, path: Path, random: Callable[[int], bytes], *, token: str | None = None) -> Self:
        """Make a new key file of mode 0400; raises `FileExistsError` rather than touch one that is there.

        With the address of a token's key the file holds nothing that is of use without it; raises
        `TokenRefused` as `sealed_by_token` does.
        """
        master_key = random(_KEY_BYTES)
        text = sealed_by_token(token, master_key, random) if token else master_key
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        return cls(master_key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The keystore of a key file: 32 random bytes in a plain file that its owner alone may read (0400).

        Or what a token opens: see `sealed_key_file`. Raises `EngineRefusal`, KEY_INVALID (remedy: `chmod
        0400`, or the right file), and `TokenRefused`.
        """
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_LONGEST)
        except OSError:
            raise EngineRefusal(RefusalCode.KEY_INVALID) from None
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) != stat.S_IRUSR:
            raise EngineRefusal(RefusalCode.KEY_INVALID)
        return cls(opened_by_token(text) if text.startswith(SCHEME.encode()) else text)

    def data_key(self, project_id: str, object_name: str) -> bytes:
        """The key of an object of before content keys, and the first of a secret: HKDF-SHA256 (RFC 5869)."""
        return self._derived(_PURPOSE, project_id, object_name)

    def wrapped(self, project_id: str, object_name: str, content_key: bytes) -> bytes:
        """A content key as it may lie on disk (RFC 3394); it opens under its own project and name only."""
        return aes_key_wrap(self._derived(_WRAPPING, project_id, object_name), content_key)

    def unwrapped(self, project_id: str, object_name: str, wrapped: bytes) -> bytes | None:
        """The content key, or None for what was not wrapped by this at-rest key for this object."""
        if len(wrapped) != WRAPPED_BYTES:
            return None
        try:
            return aes_key_unwrap(self._derived(_WRAPPING, project_id, object_name), wrapped)
        except InvalidUnwrap:
            return None

    def fingerprint(self) -> str:
        """What tells this at-rest key from others, for logs and certificates: 32 hexadecimal digits."""
        return self._derived(_FINGERPRINT)[:_FINGERPRINT_BYTES].hex()

    def _derived(self, *info: bytes | str) -> bytes:
        """32 bytes by HKDF-SHA256 (RFC 5869); names cannot contain a zero byte."""
        joined = b"\0".join(part.encode() if isinstance(part, str) else part for part in info)
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=joined).derive(self._master_key)

    def __repr__(self) -> str:
        return "Keystore(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keystore is not copied or pickled")
