"""What fills lists of tokens up: random to everybody else, and the same as long as the record is the same.

Were the values drawn anew for each delivery, whoever has two of them would take what a record's lists have in
common for its tokens, count them, and know how long a name is. So they follow, under a key of the provider's
own, from the record's person key and from the tokens in the list: a list that changes has other values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from linkage_engine.pseudonymise.digests import FAMILY_KEY_BYTES, Column, Digests, encrypted_pairs

_DIGITS = 16
"""Hexadecimal ones, of eight bytes."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Padding:
    """A key, and a number for each record that no other record of the file has."""

    key: bytes
    records: Digests

    @classmethod
    def of(cls, key: bytes, person_keys: Iterable[str]) -> Padding:
        """The padding of records under person keys of 32 hexadecimal digits."""
        numbers = [int(person_key[:_DIGITS], 16) for person_key in person_keys]
        return cls(key, np.array(numbers, dtype=np.uint64))

    def part(self, start: int, rows: int) -> Padding:
        """The padding of so many records from a place on."""
        return Padding(self.key, self.records[start : start + rows])

    def values(self, column: str, found: Column) -> Digests:
        """A value for each absent place of a list column, row by row.

        AES(place key, AES(list key, record || sum of the tokens)[:8] || place)[:8], the two keys being
        HMAC-SHA256 of the column's name.
        """
        keyed = HMAC(self.key, SHA256())
        keyed.update(column.encode())
        keys = keyed.finalize()
        list_key, place_key = keys[:FAMILY_KEY_BYTES], keys[FAMILY_KEY_BYTES : 2 * FAMILY_KEY_BYTES]
        tokens = np.where(found.present, found.digests, np.uint64(0)).sum(axis=1, dtype=np.uint64)
        lists = encrypted_pairs(list_key, self.records, tokens)
        rows, places = np.nonzero(~found.present)
        return encrypted_pairs(place_key, lists[rows], places.astype(np.uint64))
