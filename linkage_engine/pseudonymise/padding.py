"""What fills lists of tokens up: neither a list nor what two of them have in common tells a name's length.

A list of spellings near a name is filled up from the project linkage secret and its first token, which is of
the whole name and its anchor: records of one name and anchor share the whole list, however long the name is.

What else is absent is random to everybody else, and the same as long as the record is the same. Were it drawn
anew for each delivery, whoever has two of them would take what a record's lists have in common for its
tokens, and count them. So these values follow, under a key of the provider's own, from the record's person
key and from the tokens in the list: a list that changes has other values.
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


def filled_up(found: Column, key: bytes) -> Column:
    """Lists whose absent places follow from their first token, under a key of 16 bytes.

    The n-th absent place is AES(key, first token || n)[:8]: lists that begin alike share it, though one of
    them has more tokens. Lists without a first token stay as they are.
    """
    absent = ~found.present & found.present[:, :1]
    rows, places = np.nonzero(absent)
    number = absent.cumsum(axis=1, dtype=np.uint64)[rows, places]
    digests = found.digests.copy()
    digests[rows, places] = encrypted_pairs(key, found.digests[rows, 0], number)
    return Column(digests, found.present | absent)
