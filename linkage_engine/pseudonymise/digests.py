"""Keyed digests of parts, and the pseudo-random function that joins them, in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from numpy.typing import NDArray

Digests = NDArray[np.uint64]
Presence = NDArray[np.bool_]

DIGEST_BYTES = 8
_NOTHING = bytes(DIGEST_BYTES)
DOMAIN_KEY_BYTES = 32
FAMILY_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Column:
    """Digests and where they mean something, of one shape: a row a record, and for lists a column a place."""

    digests: Digests
    present: Presence


def digest_all(key: bytes, values: Iterable[str | None], known: dict[str, bytes]) -> Column:
    """The first 8 bytes of HMAC-SHA256 of each value; absent values are not present.

    `known` holds what was digested before under the same key, and is added to.
    """
    texts = list(values)
    keyed = HMAC(key, SHA256())
    for text in {text for text in texts if text is not None} - known.keys():
        mac = keyed.copy()  # keyed once: several times as fast as to begin with the key each time
        mac.update(text.encode())
        known[text] = mac.finalize()[:DIGEST_BYTES]
    data = b"".join([_NOTHING if text is None else known[text] for text in texts])
    present = np.array([text is not None for text in texts], dtype=np.bool_)
    return Column(np.frombuffer(data, dtype=">u8").astype(np.uint64), present)


def joined_tokens(key_at: Callable[[int], bytes], parts: list[Column]) -> Column:
    """One token from one to three parts: AES-128 over pairs of digests, chained.

    `key_at(stage)` gives the AES key of each stage. Shapes are broadcast, so that a list of variants
    may meet one anchor a row. A token is present where all its parts are.
    """
    first, *rest = parts
    if not rest:
        rest = [Column(np.zeros_like(first.digests), np.ones_like(first.present))]
    for stage, part in enumerate(rest):
        first = Column(
            encrypted_pairs(key_at(stage), first.digests, part.digests), first.present & part.present
        )
    return first


def encrypted_pairs(key: bytes, left: Digests, right: Digests) -> Digests:
    """The first half of AES-128(key, left || right) for each pair."""
    left, right = np.broadcast_arrays(left, right)
    blocks = np.stack([left, right], axis=-1).astype(">u8").tobytes()
    # Single distinct blocks under a key of their own: AES as a pseudo-random function, not as encryption.
    cipher = Cipher(AES(key), ECB()).encryptor()  # noqa: S305
    halves = np.frombuffer(cipher.update(blocks) + cipher.finalize(), dtype=">u8").reshape(*left.shape, 2)
    return halves[..., 0].astype(np.uint64)
