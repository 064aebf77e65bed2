"""Names from Bloom filters: known people teach which bits two letters set; then all names are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from linkage_engine.laboratory.reidentification.classes import looked_up
from linkage_engine.laboratory.reidentification.seen import NONE, Codes

Floats = NDArray[np.float32]
ROUNDS = 8
MOST_FILTERS, MOST_NAMES = 3000, 8000
"""Of those that the attacker learns from: the commonest."""
BATCH = 1000
A_PRIORI = 0.06
"""The chance that a pair of letters sets a bit, before anything was seen."""
NEVER = 1e-4
MISREAD = 0.15
"""The share of filters with a pair that may lack a bit of it: some are misread."""
SURE, LIKELY = 8.0, 2.0
"""Logarithm of the odds of the best name against the next: to learn from a filter, to name it at the end."""


@dataclass(frozen=True, slots=True, repr=False)
class Filters:
    """The distinct filters of a column, the commonest first, and which of them each record has."""

    bits: Floats
    of_record: Codes
    counts: Codes


def distinct(bits: NDArray[np.bool_]) -> Filters:
    """Each filter once; records without one have NONE."""
    packed = np.packbits(bits, axis=1)
    found, codes, counts = np.unique(packed, axis=0, return_inverse=True, return_counts=True)
    counts = np.where(found.any(axis=1), counts, 0)
    order = np.argsort(-counts, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    kept = order[counts[order] > 0]
    of_record = place[codes.reshape(-1)]
    unpacked = np.unpackbits(found[kept], axis=1).astype(np.float32)
    return Filters(unpacked, np.where(of_record < len(kept), of_record, NONE), counts[kept])


def named_filters(
    columns: Mapping[str, Filters], certain: Mapping[str, Codes], table: Table
) -> dict[str, Codes]:
    """A name's code for each record, column by column; `certain` are the names of filters that are known.

    In rounds: from the filters read so far, of all columns, it is learnt how likely each pair of letters sets
    each bit; the filters that one public name explains far better than any other count as read in the next.
    """
    pairs = table.pairs()
    read = dict(certain)
    for _ in range(ROUNDS):
        taught = _taught(columns, read, pairs)
        read = {
            name: _read(filters, taught, (pairs, table), (name, certain[name]))
            for name, filters in columns.items()
        }
    taught, found = _taught(columns, read, pairs), {}
    for name, filters in columns.items():
        best, margin = _best(filters.bits, taught, (pairs, table.logs), table.offered[name])
        likely = np.where(margin > LIKELY, best, NONE)
        named = np.where(certain[name] != NONE, certain[name], likely)
        found[name] = looked_up(named, filters.of_record)
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """All names that filters are made of, in one coding."""

    spelt: tuple[str, ...]
    logs: Floats
    """The logarithm of each name's share."""
    offered: Mapping[str, Codes]
    """The names that a column's filters may have, the commonest first."""

    def pairs(self) -> csr_matrix:
        """Names by pairs of neighbouring letters, a mark at either end: 1 where a name has the pair."""
        known: dict[str, int] = {}
        rows, columns = [], []
        for row, name in enumerate(self.spelt):
            marked = f"_{name}_"
            for pair in {marked[at : at + 2] for at in range(len(marked) - 1)}:
                rows.append(row)
                columns.append(known.setdefault(pair, len(known)))
        ones = np.ones(len(rows), dtype=np.float32)
        return csr_matrix((ones, (rows, columns)), shape=(len(self.spelt), len(known)))


def _read(
    filters: Filters, taught: Floats, names: tuple[csr_matrix, Table], column: tuple[str, Codes]
) -> Codes:
    """The certain names of filters, and for the commonest others the best where it is sure."""
    (pairs, table), (name, certain) = names, column
    bits = filters.bits[:MOST_FILTERS]
    best, margin = _best(bits, taught, (pairs, table.logs), table.offered[name][:MOST_NAMES])
    read = certain.copy()
    unread = (read[: len(best)] == NONE) & (margin > SURE)
    read[: len(best)][unread] = best[unread]
    return read


def _taught(columns: Mapping[str, Filters], read: Mapping[str, Codes], pairs: csr_matrix) -> Floats:
    """How likely each pair sets each bit: hardly where more than a few filters with the pair lack it.

    Where they have it, the more there are the likelier it is the pair's doing (Bayes; the density of the
    filters is the chance that others set it).
    """
    rows = {name: np.flatnonzero(codes != NONE) for name, codes in read.items()}
    having = pairs[np.concatenate([read[name][row] for name, row in rows.items()])]
    bits = np.vstack([columns[name].bits[row] for name, row in rows.items()])
    support = np.asarray(having.sum(axis=0)).reshape(-1, 1)
    agree = having.T @ bits >= support - np.floor(support * MISREAD)
    density = float(bits.mean()) if bits.size else 1.0
    chance = A_PRIORI / (A_PRIORI + (1 - A_PRIORI) * density ** np.minimum(support, 20))
    return np.where(agree, chance, NEVER).astype(np.float32)


def _best(
    bits: Floats, taught: Floats, names: tuple[csr_matrix, Floats], offered: Codes
) -> tuple[Codes, Floats]:
    """For each filter the offered name under which its bits are likeliest, and by how much."""
    pairs, logs = names
    unset = pairs[offered] @ np.log1p(-np.minimum(taught, 1 - NEVER))
    set_ = np.log(-np.expm1(np.minimum(unset, -NEVER)))
    weight, constant = (set_ - unset).T, unset.sum(axis=1) + logs[offered]
    best, margin = np.empty(len(bits), dtype=np.int64), np.empty(len(bits), dtype=np.float32)
    for start in range(0, len(bits), BATCH):
        here = slice(start, start + BATCH)
        fits = bits[here] @ weight + constant
        top = np.partition(fits, -2, axis=1)
        best[here], margin[here] = offered[fits.argmax(axis=1)], top[:, -1] - top[:, -2]
    return best, margin
