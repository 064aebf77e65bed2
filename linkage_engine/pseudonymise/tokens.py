"""Records' identifiers become keyed one-way tokens, families by family.

The construction, for review. All keys come from the 32-byte project linkage secret by HKDF-SHA256,
with project, epoch and a length-prefixed label as info (`secret.derived_key`).

1. Every part of an identifier (a name, its Soundex code, a date, the sector of a postcode ...) belongs
   to a domain; d = HMAC-SHA256(key of the domain, part)[:8].
2. Every family of tokens has an AES-128 key for each stage; the token of one part is
   AES(k0, d1 || 0)[:8], of two AES(k0, d1 || d2)[:8], of three AES(k1, AES(k0, d1 || d2)[:8] || d3)[:8].
   The number of parts is fixed in a family. AES on single blocks is a pseudo-random function up to the
   birthday bound of 2**64 blocks; two of n distinct parts collide with a chance of about n**2 / 2**65.
3. Families of different label share no key, so tokens of different labels, profiles, projects or epochs
   never meet. Families of one label meet on purpose: family and given name, so that swapped names are found.
4. Lists have a fixed length; what a record lacks is filled with random values and every list is sorted,
   so that neither length nor place tells anything; nor do two deliveries together (`padding`).
   A token shared by several records is seen to be shared.

What tokens give away to somebody without the secret is measured by the laboratory; equality and frequency
remain visible, hence no token of a name alone. Whoever holds the secret can try names: a provider can,
the service cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from linkage_engine.contract.profiles import COLUMNS, NEAR_LENGTH, served_profile
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS, TokenColumn, TokenKind
from linkage_engine.pseudonymise.digests import (
    DOMAIN_KEY_BYTES,
    FAMILY_KEY_BYTES,
    Column,
    Digests,
    digest_all,
    joined_tokens,
)
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.families import (
    ADDRESS_ANCHORS,
    ADDRESS_WORD_LENGTH,
    ADDRESS_WORDS,
    BLOCKING,
    FILTERS,
    NEAR,
    PARTS,
    SCALARS,
    Family,
    NearFamily,
)
from linkage_engine.pseudonymise.filters import name_filters
from linkage_engine.pseudonymise.padding import Padding, filled_up
from linkage_engine.pseudonymise.spellings import Spellings
from linkage_engine.pseudonymise.variants import near

Random = Callable[[int], bytes]


def encode(
    records: pa.Table,
    encoding: Encoding,
    *,
    random: Random,
    spellings: Spellings | None = None,
    padding: Padding | None = None,
) -> pa.Table:
    """The columns of the encoding's profile, row for row, from columns of identifiers as text.

    `records` has any of IDENTIFIER_FIELDS, null where blank; `spellings` are those known already.
    Lists are filled up with random values, or with those of `padding`, which a resubmission repeats.
    Raises ExtractRejected(columns-differ) when it has another column or none, and
    CannotLink(linkage-profile-not-served) for the profile that leaves identifiers as they are.
    """
    unknown = [name for name in records.column_names if name not in IDENTIFIER_FIELDS]
    if unknown or not records.column_names:
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, unknown=len(unknown))
    wanted = COLUMNS[served_profile(encoding.profile)]
    encoder = _Encoder(records, spellings or Spellings(), encoding)
    return pa.table({c.name: _as_array(encoder.column(c), c, padding or random) for c in wanted})


def _as_array(found: Column, column: TokenColumn, padding: Padding | Random) -> pa.Array:
    return _lists(found, column, padding) if column.kind is TokenKind.LIST else _scalars(found)


class _Encoder:
    """One call of `encode`: every distinct value is normalised and digested once."""

    def __init__(self, records: pa.Table, spellings: Spellings, encoding: Encoding) -> None:
        self._encoding = encoding
        self._rows = records.num_rows
        self._known: dict[str, dict[str, bytes]] = {}
        self._fields = {name: self._field(records, name, spellings) for name in IDENTIFIER_FIELDS}
        self._near_names: dict[str, Column] = {}
        self._filters: dict[str, Digests] = {}
        self._parts = {name: self._part(name) for name in PARTS}

    def column(self, column: TokenColumn) -> Column:
        """One column of the profile."""
        name = column.name
        if column.kind is TokenKind.FILTER:
            return self._filter(name)
        if name in SCALARS:
            return self._family(SCALARS[name])
        if name in NEAR:
            return self._near(NEAR[name])
        if name == "blocking":
            return _side_by_side([self._family(family) for family in BLOCKING[self._encoding.profile]])
        return self._addresses()

    def _field(
        self, records: pa.Table, name: str, spellings: Spellings
    ) -> tuple[list[str | None], np.ndarray]:
        """The distinct normalised values of a field, and which of them each row has."""
        if name not in records.column_names:
            return [None], np.zeros(self._rows, dtype=np.int64)
        coded = records[name].combine_chunks().cast(pa.string()).dictionary_encode(null_encoding="encode")
        values = spellings.of(name, coded.dictionary.to_pylist()) or [None]
        return values, coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def _part(self, name: str) -> Column:
        part = PARTS[name]
        values, rows = self._fields[part.field]
        read = part.read
        found = self._digest(part.domain, [None if value is None else read(value) for value in values])
        return Column(found.digests[rows], found.present[rows])

    def _digest(self, domain: str, values: Iterable[str | None]) -> Column:
        known = self._known.setdefault(domain, {})
        return digest_all(self._encoding.key(DOMAIN_KEY_BYTES, "domain", domain), values, known)

    def _join(self, label: str, parts: list[Column]) -> Column:
        return joined_tokens(
            lambda stage: self._encoding.key(FAMILY_KEY_BYTES, "family", label, str(stage)),
            parts,
        )

    def _family(self, family: Family) -> Column:
        return self._join(family.label, [self._parts[part] for part in family.parts])

    def _near(self, family: NearFamily) -> Column:
        if family.field not in self._near_names:
            spellings, rows = self._spellings(family)
            self._near_names[family.field] = _taken(self._listed("name", spellings, NEAR_LENGTH), rows)
        anchor = [self._parts[part] for part in family.anchor]
        if len(anchor) > 1:  # joined by itself first: a list is then joined with one token a record
            anchor = [self._join(f"{family.label} anchor", anchor)]
        found = self._join(family.label, [self._near_names[family.field], *map(_as_anchor, anchor)])
        return filled_up(found, self._encoding.key(FAMILY_KEY_BYTES, "padding", family.label))

    def _spellings(self, family: NearFamily) -> tuple[list[tuple[str, ...]], np.ndarray]:
        """The spellings near each distinct name, or pair of names, and which of them each row has."""
        values, rows = self._fields[family.field]
        if family.other_field is None:
            return [() if value is None else near(value) for value in values], rows
        others, other_rows = self._fields[family.other_field]
        pairs, pair_rows = np.unique(rows * len(others) + other_rows, return_inverse=True)
        named = ((values[pair // len(others)], others[pair % len(others)]) for pair in pairs.tolist())
        return [_near_either(name, other) for name, other in named], pair_rows

    def _filter(self, name: str) -> Column:
        """One word of a Bloom filter; the column's name ends in its number."""
        whole, _, word = name.rpartition("_")
        values, rows = self._fields[FILTERS[whole]]
        if whole not in self._filters:
            key = self._encoding.key(DOMAIN_KEY_BYTES, "domain", "filter")
            self._filters[whole] = name_filters(key, values)
        present = np.array([value is not None for value in values], dtype=np.bool_)
        return Column(self._filters[whole][rows, int(word) - 1], present[rows])

    def _addresses(self) -> Column:
        values, rows = self._fields["address"]
        words = [() if value is None else _address_words(value) for value in values]
        found = _taken(self._listed("address word", words, ADDRESS_WORDS), rows)
        return _side_by_side(
            [
                self._join(
                    f"address {' '.join(parts)}", [found, *(_as_anchor(self._parts[p]) for p in parts)]
                )
                for parts in ADDRESS_ANCHORS
            ]
        )

    def _listed(self, domain: str, lists: list[tuple[str, ...]], length: int) -> Column:
        """The first `length` of each list as rows of digests."""
        cut = [values[:length] for values in lists]
        places = [value for values in cut for value in (*values, *(None,) * (length - len(values)))]
        found = self._digest(domain, places)
        return Column(found.digests.reshape(-1, length), found.present.reshape(-1, length))


def _near_either(name: str | None, other: str | None) -> tuple[str, ...]:
    if name is None:
        return () if other is None else near(other)
    return near(name, other)


def _address_words(text: str) -> tuple[str, ...]:
    """The starts of the first words that are neither numbers alone nor single letters."""
    words = (word[:ADDRESS_WORD_LENGTH] for word in text.split() if len(word) > 1 or word.isdigit())
    return tuple(dict.fromkeys(words))


def _taken(column: Column, rows: np.ndarray) -> Column:
    return Column(column.digests[rows], column.present[rows])


def _as_anchor(column: Column) -> Column:
    return Column(column.digests[:, np.newaxis], column.present[:, np.newaxis])


def _side_by_side(columns: list[Column]) -> Column:
    wide = [c if c.digests.ndim > 1 else _as_anchor(c) for c in columns]
    return Column(np.hstack([c.digests for c in wide]), np.hstack([c.present for c in wide]))


def _scalars(column: Column) -> pa.Array:
    return pa.array(column.digests.view(np.int64), mask=~column.present)


def _lists(found: Column, column: TokenColumn, padding: Padding | Random) -> pa.Array:
    """Lists filled up and sorted; a record with nothing in it has a whole list of such values."""
    values = np.ascontiguousarray(found.digests)
    absent = ~found.present
    if isinstance(padding, Padding):
        values[absent] = padding.values(column.name, found)
    else:
        values[absent] = np.frombuffer(padding(8 * int(absent.sum())), dtype=np.uint64)
    values = np.sort(values.view(np.int64), axis=1)
    offsets = np.arange(len(values) + 1, dtype=np.int32) * np.int32(column.length)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.reshape(-1)))
