"""The project linkage secret, which providers hold and the service never, and the keys derived from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_BYTES = 32
_KEY_CHECK_BYTES = 8
_CONTEXT = "tre-linkage tokens 2"


class LinkageSecret:
    """The 32 bytes that the providers of a project share; its text is withheld and it cannot be pickled."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError("a project linkage secret has 32 bytes")
        self._secret = bytes(secret)

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> LinkageSecret:
        """A new secret from a source of random bytes fit for keys."""
        return cls(random(SECRET_BYTES))

    def reveal(self) -> bytes:
        """The bytes themselves: only to seal them to a provider or to keep them in a key file."""
        return self._secret

    def __repr__(self) -> str:
        return "LinkageSecret(withheld)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a project linkage secret cannot be pickled")


def derived_key(
    secret: LinkageSecret, *, project_id: str, epoch: int, label: tuple[str, ...], size: int
) -> bytes:
    """HKDF-SHA256 (RFC 5869) of the secret for one project, epoch and label; `size` in bytes.

    The label's parts are length-prefixed, so that no two labels give one info.
    """
    parts = (_CONTEXT, project_id, str(epoch), *label)
    info = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret.reveal())


def key_check(secret: LinkageSecret, project_id: str, epoch: int) -> str:
    """Sixteen hexadecimal digits that tell another secret apart and say nothing of this one."""
    label = ("key-check",)
    key = derived_key(secret, project_id=project_id, epoch=epoch, label=label, size=_KEY_CHECK_BYTES)
    return key.hex()
