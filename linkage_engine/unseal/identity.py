"""The private key to an `age1pq1...` recipient: `AGE-SECRET-KEY-PQ-1...`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing import bech32
from linkage_engine.sealing.header import Stanza, from_base64
from linkage_engine.sealing.recipient import (
    ENCAPSULATION_BYTES,
    FILE_KEY_BYTES,
    INFO,
    STANZA_TYPE,
    SUITE,
    Recipient,
)
from linkage_engine.sealing.stream import TAG_BYTES

_PREFIX = "AGE-SECRET-KEY-PQ-"
_SEED_BYTES = 32
_MLKEM_SEED_BYTES = 64


class Identity:
    """A private key; never shown, copied or pickled. Its text is asked for by name."""

    __slots__ = ("_key", "_seed", "recipient")

    recipient: Recipient
    """The public half."""

    def __init__(self, seed: bytes) -> None:
        # X-Wing (draft-connolly-cfrg-xwing-kem, 5.2): both keys are expanded from one seed.
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + _SEED_BYTES)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        self._seed = seed
        self._key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.recipient = Recipient(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls, random: Callable[[int], bytes]) -> Self:
        """A new identity."""
        return cls(random(_SEED_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identity of its text; raises `CannotUnseal`, KEY_INVALID."""
        prefix, seed = bech32.decode(text) or ("", b"")
        if prefix != _PREFIX or len(seed) != _SEED_BYTES:
            raise CannotUnseal(RefusalCode.KEY_INVALID)
        return cls(seed)

    def secret_text(self) -> str:
        """The text that `parse` takes: for a key file and nothing else."""
        return bech32.encode(_PREFIX, self._seed).upper()

    def __repr__(self) -> str:
        return "Identity(withheld)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not copied or pickled")

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """The file key, or nothing when the stanza is for somebody else.

        Raises `CannotUnseal`, SEALED_FILE_DAMAGED, for a stanza of this type in any other shape than
        two arguments, an encapsulation of 1,120 bytes and a body of 32: were a longer body opened,
        one file could have several keys.
        """
        if stanza.arguments[0] != STANZA_TYPE:
            return None
        if len(stanza.arguments) != 2 or len(stanza.body) != FILE_KEY_BYTES + TAG_BYTES:  # noqa: PLR2004 (type and encapsulation)
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
        encapsulation = from_base64(stanza.arguments[1].encode())
        if len(encapsulation) != ENCAPSULATION_BYTES:
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
        try:
            return SUITE.decrypt(encapsulation + stanza.body, self._key, info=INFO)
        except InvalidTag:
            return None
