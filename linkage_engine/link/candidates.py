"""Which pairs of records are looked at: those whose shared tokens leave few others to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_WORTH = 0.1
"""A token of g records is worth 1 / (g - 1); a pair is looked at when what it shares is worth this together.

All tokens of a record are worth no more than their number, so that pairs grow as records do, whatever is
common: one token of eleven records is enough, or two of twenty-one.
"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that may meet, and the record of each; `most` records may share one that still brings pairs."""

    group: str
    """What they are called in reports."""
    records: Ints
    tokens: Ints
    most: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Tokens of a group that too many records share to bring them together, and how many have such a one."""

    tokens: int
    records: int


@dataclass(frozen=True, slots=True)
class Meetings:
    """Pairs of records that meet in a group's tokens, each once, and what their tokens are worth together."""

    group: str
    pairs: Ints
    """The smaller record number in the upper half, in order."""
    worth: Floats
    codes: NDArray[np.int32]
    """Of each token a number of its own from 0; -1 where only one record has it."""
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of record numbers, the smaller first, in order; and what was left out, by group of tokens."""

    left: Ints
    right: Ints
    left_out: Mapping[str, LeftOut]
    """Only groups of which anything was."""


def candidates(groups: Sequence[Meetings]) -> Candidates:
    """The pairs that any tokens bring together, each once."""
    pairs, worth = _summed(
        np.concatenate([np.zeros(0, np.int64), *(group.pairs for group in groups)]),
        np.concatenate([np.zeros(0), *(group.worth for group in groups)]),
    )
    left_out = {group.group: group.left_out for group in groups if group.left_out.tokens}
    # Rounding must not part pairs whose tokens are worth exactly the least.
    pairs = pairs[worth >= LEAST_WORTH - 1e-9]
    return Candidates(pairs >> 32, pairs & 0xFFFFFFFF, left_out)


def with_any_of(pairs: Candidates, records: Ints) -> Candidates:
    """The pairs that have one of some records."""
    there = np.isin(pairs.left, records) | np.isin(pairs.right, records)
    return Candidates(pairs.left[there], pairs.right[there], pairs.left_out)


def numbered_lists(pairs: Candidates, records: int) -> pa.Array:
    """For each record the numbers of its pairs: two records have a number in common when they are a pair."""
    ends = np.concatenate([pairs.left, pairs.right])
    order = np.argsort(ends, kind="stable")
    numbers = np.tile(np.arange(len(pairs.left), dtype=np.int64), 2)[order]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=records))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(numbers))


def meetings(group: Tokens) -> Meetings:
    """Every meeting of two records in a token, what it is worth, and what too many records share."""
    places, is_start = _repeated(group.tokens)
    codes = np.full(len(group.tokens), -1, dtype=np.int32)
    codes[places] = np.cumsum(is_start, dtype=np.int32) - 1
    records, starts = group.records[places], np.flatnonzero(is_start)
    sizes = np.diff(np.append(starts, len(places)))
    used = sizes <= group.most
    size = np.repeat(np.where(used, sizes, 0), sizes)
    left = np.arange(len(places)) - np.repeat(starts, sizes)  # places within their token
    at = np.flatnonzero(size)
    left, size = left[at], size[at]
    keys: list[Ints] = [np.zeros(0, dtype=np.int64)]
    worths: list[Floats] = [np.zeros(0)]
    step = 1
    while len(at):
        inside = left + step < size
        at, left, size = at[inside], left[inside], size[inside]
        one, other = records[at], records[at + step]
        keys.append(np.minimum(one, other) << 32 | np.maximum(one, other))
        worths.append(np.where(one == other, 0.0, 1.0 / np.maximum(size - 1, 1)))
        step += 1
    found, worth = _summed(np.concatenate(keys), np.concatenate(worths))
    crowded = sizes > group.most
    held = np.unique(records[np.repeat(crowded, sizes)])
    return Meetings(group.group, found, worth, codes, LeftOut(int(crowded.sum()), len(held)))


def _repeated(tokens: Ints) -> tuple[Ints, Flags]:
    """The places of tokens that are there more than once, equal ones together; and where each begins."""
    order = np.argsort(tokens)
    tokens = tokens[order]
    again = np.zeros(len(tokens) + 1, dtype=np.bool_)
    again[1:-1] = tokens[1:] == tokens[:-1]
    several = again[1:] | again[:-1]
    return order[several], ~again[:-1][several]


def _summed(keys: Ints, worths: Floats) -> tuple[Ints, Floats]:
    """Each key once, in order, with the sum of its worths."""
    if not len(keys):
        return keys, worths
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(worths[order], starts)
