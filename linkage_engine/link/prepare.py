"""Two token tables become one comparable table: only tokens that can bring two records together stay."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.tokens import TokenColumn, TokenKind
from linkage_engine.link.candidates import (
    Candidates,
    Meetings,
    Tokens,
    candidates,
    meetings,
    numbered_lists,
    with_any_of,
)
from linkage_engine.link.model import BITS
from linkage_engine.link.profiles import Block, ProfileModel

Values = NDArray[np.int64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int32]
SPREADING = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 divided by the golden ratio: neighbours get far bits (Knuth, volume 3, 6.4)."""
THREADS = 2
"""That sort tokens beside each other; each holds the meetings of one group of columns."""
SomeKeys = tuple[pa.Array, pa.Array]
"""Person keys of the first file, and of the second."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both files as one table with row numbers as ids: the first file's, then the second's."""

    whole: pa.Table
    """Every record of both files."""
    person_keys: pa.Array
    pairs: Candidates
    records_a: int

    @property
    def larger(self) -> pa.Table:
        """The records of the file that has more."""
        first, second = self.whole[: self.records_a], self.whole[self.records_a :]
        return first if first.num_rows >= second.num_rows else second

    def parts(self, pairs: int) -> Iterator[pa.Table]:
        """The records of so many pairs at a time, with `z`: numbers of which two records have one in common.

        Those that have are a pair. Splink's table of compared pairs is the largest of a linkage by far: parts
        bound it.
        """
        left, right = self.pairs.left, self.pairs.right
        for start in range(0, len(left), pairs):
            some = Candidates(left[start : start + pairs], right[start : start + pairs], {})
            z = numbered_lists(some, self.whole.num_rows)
            yield self.whole.append_column("z", z).filter(pc.greater(pc.list_value_length(z), 0))


class _Both:
    """Two tables, one after the other, each in the order of its person keys."""

    def __init__(self, tables: tuple[pa.Table, pa.Table]) -> None:
        self._ordered = [(table, pc.sort_indices(table["person_key"])) for table in tables]

    def column(self, name: str) -> pa.Array:
        """A column of both."""
        return pa.concat_arrays(
            chunk for table, order in self._ordered for chunk in table[name].take(order).chunks
        )


def prepared(a: pa.Table, b: pa.Table, model: ProfileModel, *, fresh: SomeKeys | None = None) -> Prepared:
    """Both tables ordered by person key, so that the order of delivery decides nothing.

    Of `fresh` person keys only the pairs that have one of them are there.
    Raises CannotLink(too-few-records) for a file without rows and CannotLink(columns-differ)
    for a table that has not the columns of the profile or lists of another length.
    """
    if not a.num_rows or not b.num_rows:
        raise CannotLink(RefusalCode.TOO_FEW_RECORDS, records_a=a.num_rows, records_b=b.num_rows)
    wanted = {"person_key", *model.columns}
    if not wanted <= set(a.column_names) & set(b.column_names):
        raise CannotLink(RefusalCode.COLUMNS_DIFFER)
    both = _Both((a, b))
    person_keys = both.column("person_key")
    with ThreadPoolExecutor(THREADS) as pool:
        met = list(pool.map(lambda block: _met(both, block, model), model.blocked))
        compared = list(pool.map(lambda parts: _listed(parts, [x for _, x in met]), model.lists.values()))
    pairs = candidates([found for found, _ in met])
    if fresh is not None:
        pairs = with_any_of(pairs, numbers_of(person_keys, fresh, records_a=a.num_rows))
    columns = {"unique_id": pa.array(np.arange(len(person_keys)))}
    columns |= {name: both.column(name) for name in model.scalars}
    columns |= {"anchor_dob": columns["dob"], "anchor_postcode": columns["postcode"]}
    for name, (several, bits) in zip(model.lists, compared, strict=True):
        columns |= {name: several, f"{name}_{BITS}": bits}
    return Prepared(pa.table(columns), person_keys, pairs, a.num_rows)


def numbers_of(person_keys: pa.Array, some: SomeKeys, *, records_a: int) -> Values:
    """The record numbers of some person keys of either file, -1 for those that are not there."""
    first, second = (
        pc.fill_null(pc.index_in(keys, value_set=own), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        for keys, own in zip(some, (person_keys[:records_a], person_keys[records_a:]), strict=True)
    )
    return np.concatenate([first, np.where(second < 0, -1, second + records_a)])


def _met(both: _Both, block: Block, model: ProfileModel) -> tuple[Meetings, dict[str, Codes]]:
    """Who meets in the tokens of some columns; and the codes of the lists among them that are compared."""
    columns = [model.columns[name] for name in block.columns]
    values, present = (
        np.hstack(halves) for halves in zip(*(_matrix(both.column(c.name), c) for c in columns), strict=True)
    )
    found = meetings(Tokens(block.columns[0], np.nonzero(present)[0], values[present], block.most))
    if not block.is_compared:
        return found, {}
    edges = np.cumsum([column.length for column in columns])[:-1]
    parts = np.split(found.codes.reshape(values.shape), edges, axis=1)
    return found, {column.name: part for column, part in zip(columns, parts, strict=True)}


def _matrix(tokens: pa.Array, column: TokenColumn) -> tuple[Values, Mask]:
    """A token column as rows of its fixed length, and where it is present."""
    if column.kind is not TokenKind.LIST:
        present = tokens.is_valid().to_numpy(zero_copy_only=False)
        return tokens.fill_null(0).to_numpy(zero_copy_only=False).reshape(-1, 1), present.reshape(-1, 1)
    regular = not tokens.null_count and pc.all(pc.equal(pc.list_value_length(tokens), column.length)).as_py()
    flat = tokens.flatten()
    if not regular or flat.null_count:
        raise CannotLink(RefusalCode.COLUMNS_DIFFER)
    values = flat.to_numpy(zero_copy_only=False).reshape(-1, column.length)
    return values, np.ones(values.shape, dtype=np.bool_)


def _listed(parts: tuple[str, ...], found: list[dict[str, Codes]]) -> tuple[pa.Array, pa.Array]:
    codes = _codes(parts, found)
    return _several(codes), pa.array(_bits(codes))


def _codes(parts: tuple[str, ...], found: list[dict[str, Codes]]) -> Codes:
    """The codes of some lists in one row a record; those of different groups differ."""
    columns, first = [], 0
    for lists in found:
        own = [codes for name, codes in lists.items() if name in parts]
        columns += [np.where(codes < 0, codes, codes + np.int32(first)) for codes in own]
        first += max((int(codes.max(initial=-1)) + 1 for codes in own), default=0)
    return np.hstack(columns)


def _several(codes: Codes) -> pa.Array:
    """The codes that other records have too, as a column of lists: what only one record has cannot agree."""
    kept = codes >= 0
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(codes[kept]))


def _bits(codes: Codes) -> Values:
    """Of each list a bit for each of its codes: lists without a common bit have no code in common."""
    spread = (codes.astype(np.uint64) * SPREADING) >> np.uint64(58)
    bits = np.where(codes < 0, np.uint64(0), np.uint64(1) << spread)
    together: Values = np.bitwise_or.reduce(bits, axis=1).view(np.int64)
    return together
