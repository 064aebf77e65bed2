"""What an attacker holds: the columns of an encoding as numbers, equal where the tokens are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage_engine.pseudonymise.families import SCALARS

Codes = NDArray[np.int64]
Words = NDArray[np.uint64]
NONE = -1
"""No token, or one that no other record has."""
FILTER_ENDING = "_filter"
WORD_BITS = 64


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """One file of encodings: a row a record, a number from 0 for each distinct token.

    Columns whose tokens may meet, such as those of a date and of the date swapped, share their numbers.
    """

    rows: int
    scalars: Mapping[str, Codes]
    lists: Mapping[str, Codes]
    """A row a record, a column a place; NONE for tokens that stand in one record alone, as padding does."""
    lengths: Mapping[str, Codes]
    """How many tokens each record's list has."""
    filters: Mapping[str, NDArray[np.bool_]]
    """A row a record, a column a bit; no bit where there is no filter."""


def seen(encodings: pa.Table) -> Seen:
    """The columns of `encode`, or of a variant whose lists differ in length, as an attacker reads them."""
    words = {name for name in encodings.column_names if name[:-2].endswith(FILTER_ENDING)}
    flat = {c: encodings[c] for c in encodings.column_names if c not in words}
    lists = {c: _list(column) for c, column in flat.items() if pa.types.is_list(column.type)}
    return Seen(
        rows=encodings.num_rows,
        scalars=_coded({c: column for c, column in flat.items() if c not in lists}),
        lists={c: codes for c, (codes, _) in lists.items()},
        lengths={c: lengths for c, (_, lengths) in lists.items()},
        filters={name: _filter(encodings, name) for name in sorted({word[:-2] for word in words})},
    )


def _coded(columns: Mapping[str, pa.ChunkedArray]) -> dict[str, Codes]:
    labels = {name: SCALARS[name].label if name in SCALARS else name for name in columns}
    found: dict[str, Codes] = {}
    for label in dict.fromkeys(labels.values()):
        meeting = [name for name in columns if labels[name] == label]
        codes = codes_of(pa.chunked_array([c for name in meeting for c in columns[name].chunks]))
        found |= dict(zip(meeting, np.split(codes, len(meeting)), strict=True))
    return found


def codes_of(column: pa.ChunkedArray) -> Codes:
    """A number for each distinct value of a column, NONE where it is null."""
    coded = column.combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.fill_null(NONE).to_numpy(zero_copy_only=False), dtype=np.int64)


def _list(column: pa.ChunkedArray) -> tuple[Codes, Codes]:
    listed = column.combine_chunks()
    offsets = listed.offsets.to_numpy()
    lengths = np.diff(offsets).astype(np.int64)
    tokens = listed.flatten().to_numpy()
    _, codes, counts = np.unique(tokens, return_inverse=True, return_counts=True)
    wide = np.full((len(lengths), int(lengths.max(initial=0))), NONE, dtype=np.int64)
    shared = np.where(counts[codes] > 1, codes, NONE)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(tokens)) - np.repeat(offsets[:-1] - offsets[0], lengths)
    wide[rows, places] = shared
    return wide, lengths


def _filter(encodings: pa.Table, name: str) -> NDArray[np.bool_]:
    columns = sorted(column for column in encodings.column_names if column[:-2] == name)
    words = [encodings[c].combine_chunks().fill_null(0).to_numpy().view(np.uint64) for c in columns]
    places = np.arange(WORD_BITS, dtype=np.uint64)
    return np.hstack([(word[:, np.newaxis] >> places & np.uint64(1)).astype(np.bool_) for word in words])
