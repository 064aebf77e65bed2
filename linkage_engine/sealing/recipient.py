"""The post-quantum hybrid recipient of age, `age1pq1...`: ML-KEM-768 with X25519 (X-Wing) under HPKE.

Stanza type mlkem768x25519 of the age v1 specification; HPKE is RFC 9180 in base mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from linkage_engine.contract.refusals import CannotSeal, RefusalCode
from linkage_engine.sealing import bech32
from linkage_engine.sealing.header import Stanza, to_base64

SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
INFO = b"age-encryption.org/mlkem768x25519"
STANZA_TYPE = "mlkem768x25519"
FILE_KEY_BYTES = 16
ENCAPSULATION_BYTES = 1120
_PREFIX = "age1pq"
_MLKEM_BYTES = 1184


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key to seal to; `str()` gives the text that `parse` takes."""

    raw: bytes
    """1,184 bytes of ML-KEM-768, then 32 of X25519."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The recipient of an `age1pq1...` text; raises `CannotSeal`, RECIPIENT_INVALID."""
        prefix, raw = bech32.decode(text) or ("", b"")
        recipient = cls(raw)
        if prefix != _PREFIX:
            raise CannotSeal(RefusalCode.RECIPIENT_INVALID)
        recipient.wrap(bytes(FILE_KEY_BYTES))  # a key that cannot be sealed to is refused here, not in use
        return recipient

    def __str__(self) -> str:
        return bech32.encode(_PREFIX, self.raw)

    def wrap(self, file_key: bytes) -> Stanza:
        """The file key wrapped to this recipient; raises `CannotSeal`, RECIPIENT_INVALID."""
        try:
            key = hpke.MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_BYTES]),
                X25519PublicKey.from_public_bytes(self.raw[_MLKEM_BYTES:]),
            )
            sealed = SUITE.encrypt(file_key, key, info=INFO)
        except ValueError:  # a wrong length, or a point of low order
            raise CannotSeal(RefusalCode.RECIPIENT_INVALID) from None
        return Stanza((STANZA_TYPE, to_base64(sealed[:ENCAPSULATION_BYTES])), sealed[ENCAPSULATION_BYTES:])
