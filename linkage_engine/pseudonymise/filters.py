"""Bloom filters of names: what the profile `bloom` adds, so that two spellings can be compared bit by bit."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from linkage_engine.contract.profiles import FILTER_WORDS
from linkage_engine.pseudonymise.digests import Digests
from linkage_engine.pseudonymise.variants import joined

POSITIONS = 16
"""Bits that a pair of letters sets, at most: a name of six letters sets about a third of the 256."""
_WORD_BITS = 64


def name_filters(key: bytes, names: list[str | None]) -> Digests:
    """Four words of 64 bits a name: each pair of neighbouring letters sets the bits that its digest names.

    The name is spelt without spaces and with a mark at either end. A pair's positions are the first bytes of
    HMAC-SHA256(key, pair), one position of 256 a byte. An absent name has no bit. (Schnell, Bachteler and
    Reiher 2009, with independent positions in place of double hashing, as Niedermeyer and others 2014 ask.)
    """
    listed = [_pairs(name) for name in names]
    distinct = sorted({pair for pairs in listed for pair in pairs})
    known = {pair: at for at, pair in enumerate(distinct, start=1)}
    bits = np.zeros((len(known) + 1, FILTER_WORDS), dtype=np.uint64)  # the first row: no name, no bit
    for pair, at in known.items():
        mac = HMAC(key, SHA256())
        mac.update(pair.encode())
        for position in mac.finalize()[:POSITIONS]:
            bits[at, position // _WORD_BITS] |= np.uint64(1) << np.uint64(position % _WORD_BITS)
    places = [[known[pair] for pair in pairs] or [0] for pairs in listed]
    starts = np.cumsum([0, *map(len, places)])[:-1]
    return np.bitwise_or.reduceat(bits[np.concatenate(places)], starts, axis=0)


def _pairs(name: str | None) -> tuple[str, ...]:
    if name is None:
        return ()
    marked = f"_{joined(name)}_"
    return tuple(marked[at : at + 2] for at in range(len(marked) - 1))
