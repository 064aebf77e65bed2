"""Two token tables become one comparable table: only tokens that can bring two records together stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.tokens import TokenColumn, TokenKind
from linkage_engine.link.candidates import Candidates, Tokens, candidates, numbered_lists, shared, with_any_of
from linkage_engine.link.profiles import Block, ProfileModel

Values = NDArray[np.int64]
Mask = NDArray[np.bool_]
SomeKeys = tuple[pa.Array, pa.Array]
"""Person keys of the first file, and of the second."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both files with row numbers as ids: `a` has 0 to len(a) - 1, `b` follows; keys in that order."""

    a: pa.Table
    b: pa.Table
    person_keys: pa.Array
    pairs: Candidates
    whole: pa.Table
    """Every record of both files, though only some may be in the pairs."""
    records_a: int


def prepared(a: pa.Table, b: pa.Table, model: ProfileModel, *, fresh: SomeKeys | None = None) -> Prepared:
    """Both tables ordered by person key, so that the order of delivery decides nothing.

    Of `fresh` person keys only the pairs that have one of them are there, and the records of these pairs.
    Raises CannotLink(too-few-records) for a file without rows and CannotLink(columns-differ)
    for a table that has not the columns of the profile or lists of another length.
    """
    if not a.num_rows or not b.num_rows:
        raise CannotLink(RefusalCode.TOO_FEW_RECORDS, records_a=a.num_rows, records_b=b.num_rows)
    wanted = {"person_key", *model.columns}
    if not wanted <= set(a.column_names) & set(b.column_names):
        raise CannotLink(RefusalCode.COLUMNS_DIFFER)
    order = sorted(wanted)
    both = pa.concat_tables([t.select(order).sort_by("person_key") for t in (a, b)]).combine_chunks()
    person_keys = both["person_key"].combine_chunks()
    pairs = candidates(
        _tokens(both, [model.columns[name] for name in block.columns], block) for block in model.blocked
    )
    if fresh is not None:
        pairs = with_any_of(pairs, numbers_of(person_keys, fresh, records_a=a.num_rows))
    z = numbered_lists(pairs, both.num_rows)
    columns = {"unique_id": pa.array(np.arange(both.num_rows)), "z": z}
    columns |= {name: both[name] for name in model.scalars}
    columns |= {"anchor_dob": both["dob"], "anchor_postcode": both["postcode"]}
    for group in model.lists:
        columns |= _pruned(both, [model.columns[name] for name in group])
    whole = pa.table(columns)
    files = whole[: a.num_rows], whole[a.num_rows :]
    if fresh is not None:
        files = tuple(table.filter(pc.greater(pc.list_value_length(table["z"]), 0)) for table in files)
    return Prepared(*files, person_keys, pairs, whole, a.num_rows)


def numbers_of(person_keys: pa.Array, some: SomeKeys, *, records_a: int) -> Values:
    """The record numbers of some person keys of either file, -1 for those that are not there."""
    first, second = (
        pc.fill_null(pc.index_in(keys, value_set=own), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        for keys, own in zip(some, (person_keys[:records_a], person_keys[records_a:]), strict=True)
    )
    return np.concatenate([first, np.where(second < 0, -1, second + records_a)])


def _tokens(table: pa.Table, columns: list[TokenColumn], block: Block) -> Tokens:
    """The tokens of some columns that more than one record may have."""
    matrices = [_matrix(table, column) for column in columns]
    values, present = (np.hstack(halves) for halves in zip(*matrices, strict=True))
    present[present] = shared(values[present])
    return Tokens(block.columns[0], np.nonzero(present)[0], values[present], block.most)


def _pruned(table: pa.Table, columns: list[TokenColumn]) -> dict[str, pa.Array]:
    """Lists whose tokens may meet, without those that only one record has."""
    matrices = [_matrix(table, column) for column in columns]
    values, present = (np.hstack(halves) for halves in zip(*matrices, strict=True))
    present[present] = shared(values[present])
    edges = np.cumsum([column.length for column in columns])[:-1]
    halves = zip(np.split(values, edges, axis=1), np.split(present, edges, axis=1), strict=True)
    return {column.name: _ragged(*half) for column, half in zip(columns, halves, strict=True)}


def _matrix(table: pa.Table, column: TokenColumn) -> tuple[Values, Mask]:
    """A token column as rows of its fixed length, and where it is present."""
    tokens = table[column.name].combine_chunks()
    if column.kind is not TokenKind.LIST:
        present = tokens.is_valid().to_numpy(zero_copy_only=False)
        return tokens.fill_null(0).to_numpy(zero_copy_only=False).reshape(-1, 1), present.reshape(-1, 1)
    regular = not tokens.null_count and pc.all(pc.equal(pc.list_value_length(tokens), column.length)).as_py()
    flat = tokens.flatten()
    if not regular or flat.null_count:
        raise CannotLink(RefusalCode.COLUMNS_DIFFER)
    values = flat.to_numpy(zero_copy_only=False).reshape(-1, column.length)
    return values, np.ones(values.shape, dtype=np.bool_)


def _ragged(values: Values, kept: Mask) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[kept]))
