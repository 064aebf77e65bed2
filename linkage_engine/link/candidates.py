"""Which pairs of records are looked at: those whose shared tokens leave few others to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
SLOTS_A_TOKEN, LEAST_BITS, MOST_BITS = 32, 16, 25
MIXER = np.uint64(0x9E3779B97F4A7C15)
"""Spreads any numbers over the slots (Knuth, multiplicative hashing)."""


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
class Candidates:
    """Pairs of record numbers, the smaller first, in order; and what was left out, by group of tokens."""

    left: Ints
    right: Ints
    left_out: Mapping[str, LeftOut]
    """Only groups of which anything was."""


def candidates(groups: Iterator[Tokens]) -> Candidates:
    """The pairs that any tokens bring together, each once."""
    keys: list[Ints] = [np.zeros(0, dtype=np.int64)]
    worths: list[Floats] = [np.zeros(0)]
    left_out: dict[str, LeftOut] = {}
    for group in groups:
        found, worth, crowded = _meetings(group)
        keys.append(found)
        worths.append(worth)
        if crowded.tokens:
            left_out[group.group] = crowded
    pairs, worth = _summed(np.concatenate(keys), np.concatenate(worths))
    # Rounding must not part pairs whose tokens are worth exactly the least.
    pairs = pairs[worth >= LEAST_WORTH - 1e-9]
    return Candidates(pairs >> 32, pairs & 0xFFFFFFFF, left_out)


def shared(tokens: Ints) -> Flags:
    """Which tokens may be there twice: all that are, and few others."""
    bits = min(max((SLOTS_A_TOKEN * len(tokens)).bit_length(), LEAST_BITS), MOST_BITS)
    slots = (tokens.view(np.uint64) * MIXER >> np.uint64(64 - bits)).astype(np.int64)
    places = np.arange(len(tokens), dtype=np.int64)
    last = np.zeros(1 << bits, dtype=np.int64)
    last[slots] = places
    taken = np.zeros(1 << bits, dtype=np.bool_)
    taken[slots[last[slots] != places]] = True
    found: Flags = taken[slots]
    return found


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


def _meetings(group: Tokens) -> tuple[Ints, Floats, LeftOut]:
    """Every meeting of two records in a token, what it is worth, and what too many records share."""
    order = np.argsort(group.tokens, kind="stable")
    tokens, records = group.tokens[order], group.records[order]
    starts = np.flatnonzero(np.concatenate([[True], tokens[1:] != tokens[:-1]])) if len(tokens) else order
    sizes = np.diff(np.append(starts, len(tokens)))
    used = (sizes > 1) & (sizes <= group.most)
    size = np.repeat(np.where(used, sizes, 0), sizes)
    left = np.arange(len(tokens)) - np.repeat(starts, sizes)  # places within their token
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
    return found, worth, LeftOut(int(crowded.sum()), len(held))


def _summed(keys: Ints, worths: Floats) -> tuple[Ints, Floats]:
    """Each key once, in order, with the sum of its worths."""
    if not len(keys):
        return keys, worths
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(worths[order], starts)
