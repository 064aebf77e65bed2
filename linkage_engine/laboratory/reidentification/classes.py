"""Records that must have a value in common, because tokens chain them together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage_engine.laboratory.reidentification.seen import NONE, Codes


def chained(rows: int, columns: Iterable[Codes]) -> Codes:
    """The class of each record: two records are in one class when a chain of shared codes joins them.

    A column is one code a record, or several (rows by places).
    """
    ends, tokens, first = [], [], rows
    for column in columns:
        wide = column.reshape(rows, -1)
        row, place = np.nonzero(wide != NONE)
        ends.append(row)
        tokens.append(wide[row, place] + first)
        first += int(wide.max(initial=NONE)) + 1
    if not ends:
        return np.arange(rows)
    row, token = np.concatenate(ends), np.concatenate(tokens)
    edges = coo_matrix((np.ones(len(row), dtype=np.int8), (row, token)), shape=(first, first))
    _, labels = connected_components(edges, directed=False)
    return renumbered(labels[:rows])


def renumbered(labels: Codes) -> Codes:
    """The same classes numbered from 0, the largest first; NONE stays."""
    present = labels != NONE
    _, codes, sizes = np.unique(labels[present], return_inverse=True, return_counts=True)
    place = np.empty(len(sizes), dtype=np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    found = np.full(len(labels), NONE, dtype=np.int64)
    found[present] = place[codes]
    return found


def both(left: Codes, right: Codes) -> Codes:
    """One code for each pair of codes, NONE where either is."""
    pairs = left * (int(right.max(initial=0)) + 1) + right
    return np.where((left == NONE) | (right == NONE), NONE, pairs)


def most_voted(voters: Codes, votes: Codes, *, size: int) -> Codes:
    """For each of `size` classes the commonest vote of its voters, NONE where nobody votes."""
    cast = (voters != NONE) & (votes != NONE)
    found = np.full(size, NONE, dtype=np.int64)
    if not cast.any():
        return found
    pairs, counts = np.unique(np.stack([voters[cast], votes[cast]]), axis=1, return_counts=True)
    rising = np.argsort(counts, kind="stable")
    found[pairs[0, rising]] = pairs[1, rising]
    return found


def looked_up(table: Codes, codes: Codes) -> Codes:
    """`table[code]` for each code, NONE for NONE."""
    return np.where(codes == NONE, NONE, table[codes]) if len(table) else np.full(codes.shape, NONE)
