"""Record keys of people and cell keys of sets of them: the same people, the same key."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode

Persons = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]

SECRET_BYTES = 32
_PURPOSE = b"tre-linkage record keys v1\0"
_A_BLOCK = sha256().digest_size // 4
"""Record keys of four bytes that one HMAC gives."""


def record_keys(secret: bytes, persons: int) -> Keys:
    """The keys of the persons 0 to `persons` - 1 of a project, 32 bits each.

    HMAC-SHA-256 (RFC 2104) under the project's secret, of the number of a block of eight persons: it tells
    nobody a key without the secret, and a person has the same key in every table and data version.
    A secret of another length is `EngineRefusal(KEY_INVALID)`.
    """
    if len(secret) != SECRET_BYTES:
        raise EngineRefusal(RefusalCode.KEY_INVALID)
    blocks = -(-persons // _A_BLOCK)
    text = b"".join(
        hmac.digest(secret, _PURPOSE + block.to_bytes(8, "big"), "sha256") for block in range(blocks)
    )
    return np.frombuffer(text, dtype=">u4")[:persons].astype(np.uint64)


def cell_keys(keys: Keys, people: Sequence[Persons]) -> Keys:
    """The sum of the record keys of each set, of which a table reads the last bits; nobody's is 0."""
    return np.array([keys[each].sum(dtype=np.uint64) for each in people], dtype=np.uint64)


def scattered(keys: Keys) -> Keys:
    """The last 32 bits of cell keys, each in another place: one to one, so that they stay equally likely.

    Without it one person more would move every cell key by the same step along the table, and so noise up or
    down with it. The finaliser of MurmurHash3 (Appleby 2011).
    """
    found = keys & _LAST_BITS
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        found = ((found ^ (found >> np.uint64(shift))) * np.uint64(factor)) & _LAST_BITS
    return found ^ (found >> np.uint64(16))


_LAST_BITS = np.uint64((1 << 32) - 1)
