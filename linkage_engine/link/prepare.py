"""Two token tables become one comparable table: only tokens that can bring two records together stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.tokens import TokenColumn, TokenKind
from linkage_engine.link.profiles import ProfileModel

MOST_RECORDS_A_TOKEN = 200
"""A blocking token of more records than this is dropped: it makes more pairs than it finds matches."""

Values = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both files with row numbers as ids: `a` has 0 to len(a) - 1, `b` follows; keys in that order."""

    a: pa.Table
    b: pa.Table
    person_keys: pa.Array
    tokens_dropped: int
    """Blocking tokens that too many records share."""


def prepared(a: pa.Table, b: pa.Table, model: ProfileModel) -> Prepared:
    """Both tables ordered by person key, so that the order of delivery decides nothing.

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
    shared = [_shared(both, [model.columns[name] for name in group]) for group in model.blocked]
    lists = {name: pair for found, _ in shared for name, pair in found.items()}
    z = _ragged(np.hstack([v for v, _ in lists.values()]), np.hstack([m for _, m in lists.values()]))
    columns = {"unique_id": pa.array(np.arange(both.num_rows)), "z": z}
    columns |= {name: both[name] for name in model.scalars}
    columns |= {"anchor_dob": both["dob"], "anchor_postcode": both["postcode"]}
    columns |= {name: _ragged(*lists[name]) for name in model.lists}
    table = pa.table(columns)
    person_keys = both["person_key"].combine_chunks()
    return Prepared(table[: a.num_rows], table[a.num_rows :], person_keys, sum(n for _, n in shared))


def _shared(table: pa.Table, group: list[TokenColumn]) -> tuple[dict[str, tuple[Values, Mask]], int]:
    """The columns of a group, where their tokens are shared but not by too many, and how many tokens are."""
    columns = {column.name: _matrix(table, column) for column in group}
    values = np.hstack([v for v, _ in columns.values()])
    present = np.hstack([m for _, m in columns.values()])
    _, rows, counts = np.unique(values[present], return_inverse=True, return_counts=True)
    kept = present.copy()
    kept[present] = (counts[rows] > 1) & (counts[rows] <= MOST_RECORDS_A_TOKEN)
    edges = np.cumsum([v.shape[1] for v, _ in columns.values()])[:-1]
    masks = np.split(kept, edges, axis=1)
    found = {name: (v, mask) for (name, (v, _)), mask in zip(columns.items(), masks, strict=True)}
    return found, int((counts > MOST_RECORDS_A_TOKEN).sum())


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
