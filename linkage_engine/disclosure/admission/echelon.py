"""Small groups of any number of sorts that follow from sets told: a search for low-weight codewords.

A union of sorts (people whom no told set tells apart) follows when its vector of 0 and 1 is in the row space
of sets by sorts. Such a vector is the sum of those rows of a reduced echelon form at whose pivots it is 1,
and a small group has few of its sorts among the pivots: information-set decoding, over the reals. E. Prange,
The use of information sets in decoding cyclic codes, IRE Trans. Inf. Theory 8 (1962); P. J. Lee and
E. F. Brickell, An observation on the security of McEliece's public-key cryptosystem, EUROCRYPT 1988;
J. Stern, A method for finding codewords of small weight, Coding Theory and Applications, LNCS 388 (1989).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.linalg import qr, solve
from scipy.sparse.csgraph import connected_components

from linkage_engine.disclosure.admission.pairs import WEIGHT_BITS, scattered
from linkage_engine.disclosure.history.sets import Flags, Floats, Numbers

ORDERS = 4
MOST_STEPS = 200_000_000
"""Of an elimination, dimension squared times columns: what would take more is not begun."""
MOST_SUMS = 300_000
"""Sums of rows that are looked at in one step; all of every number of rows until one step has more."""
NOTHING = 1e-7
NEAR = 1e-4
FOLLOWS = 1e-6
SPREAD = 1_000.0
"""How much a column may be preferred to another of its size as a pivot."""


def few_that_follow(told: sparse.csr_array, sizes: Numbers, *, threshold: int) -> list[Numbers]:
    """The unions of sorts, as their numbers, of fewer people than the threshold that follow from sets told.

    `told` is independent sets by sorts, 0 and 1. Sorts of the threshold or more are in no such union: only
    what vanishes over them is searched, each connected part by itself; where nothing does, nothing small
    follows. Of every part with so few pivots that no sum of rows is left out, every union is found (always
    up to 16 dimensions): those that are unions of others in different parts are not named. Of a larger one,
    of dimension s over n sorts, one order of columns finds a union unless more of its sorts are pivots than
    rows were added up: three up to 84 dimensions, two up to 547. Were pivots any s of n, one of w sorts
    would have more than p with a chance of about (w choose p + 1) (s / n) ^ (p + 1), and each of four orders
    would have to miss it. Nothing is searched where that would take more than `MOST_STEPS`.
    The same sets and sizes always give the same unions.
    """
    small = np.flatnonzero(sizes < threshold)
    basis = _vanishing(told, sizes >= threshold, small)
    found: dict[tuple[int, ...], None] = {}
    for part, columns in _parts(basis):
        here = small[columns]
        for union in _searched(part, sizes[here], threshold):
            found[tuple(here[union].tolist())] = None
    return [np.array(union, dtype=np.int64) for union in found]


def _vanishing(told: sparse.csr_array, is_large: Flags, small: Numbers) -> Floats:
    """Independent rows over the small sorts: what follows and is 0 over all large ones."""
    rank, large = told.shape[0], int(is_large.sum())
    at_least = max(0, rank - large)
    if max(rank**2 * large, at_least**2 * small.size) > MOST_STEPS:
        return np.empty((0, small.size))
    weights = np.eye(rank)
    if rank and large:
        turned, upper, _ = qr(told[:, np.flatnonzero(is_large)].toarray(), pivoting=True)
        diagonal = np.abs(upper.diagonal())
        weights = turned[:, int((diagonal > NOTHING * diagonal[0]).sum()) :]
    if weights.shape[1] ** 2 * small.size > MOST_STEPS:
        return np.empty((0, small.size))
    rows: Floats = (told[:, small].T @ weights).T
    return rows


def _parts(rows: Floats) -> Iterator[tuple[Floats, Numbers]]:
    """The connected parts of a row space, as orthonormal rows over their columns."""
    dimension, width = rows.shape
    if dimension == 0:
        return
    echelon, _ = _echelon(_orthonormal(rows), np.ones(width))
    row, column = np.nonzero(np.abs(echelon) > NOTHING)
    edges = sparse.coo_array((np.ones(row.size), (row, dimension + column)), shape=(dimension + width,) * 2)
    _, part_of = connected_components(edges, directed=False)
    for part in np.unique(part_of[:dimension]):
        columns = np.flatnonzero(part_of[dimension:] == part)
        yield _orthonormal(echelon[np.ix_(part_of[:dimension] == part, columns)]), columns


def _orthonormal(rows: Floats) -> Floats:
    turned: Floats = qr(rows.T, mode="economic")[0].T
    return turned


def _echelon(basis: Floats, preference: Floats) -> tuple[Floats, Numbers]:
    """The rows that are 1 at one pivot and 0 at the others, and the pivots: columns of large preference."""
    _, order = qr(basis * preference, mode="r", pivoting=True)
    pivots = order[: len(basis)].astype(np.int64)
    rows: Floats = solve(basis[:, pivots], basis)
    return rows, pivots


def _searched(basis: Floats, sizes: Numbers, threshold: int) -> Iterator[Numbers]:
    """The unions of one part, in one order of columns after the other until one leaves nothing out."""
    shares = scattered(ORDERS * sizes.size)[:, 0].reshape(ORDERS, -1) / 2**WEIGHT_BITS
    for share in shares:
        # Large sorts first: the fewer of them fit into a small group.
        preference = 2.0**sizes * SPREAD**share
        echelon, pivots = _echelon(basis, preference)
        chosen, is_whole = _sums(echelon, sizes, pivots, threshold)
        unions = (np.flatnonzero(echelon[rows].sum(axis=0) > 1 / 2) for rows in chosen)
        yield from (each for each in unions if _follows(basis, each) and sizes[each].sum() < threshold)
        if is_whole:
            return


def _follows(basis: Floats, union: Numbers) -> bool:
    """Whether all of its vector is in the row space."""
    return bool(union.size - (basis[:, union].sum(axis=1) ** 2).sum() < FOLLOWS)


def _sums(echelon: Floats, sizes: Numbers, pivots: Numbers, threshold: int) -> tuple[list[Numbers], bool]:
    """Rows that may add up to a small union, and whether no others can.

    Of whole numbers v^2 - v is never negative, and 0 of 0 and 1 alone: its sum over all columns, which
    products of two rows make up, is 0 only of a union.
    """
    gram = echelon @ echelon.T
    own, people = gram.diagonal() - echelon.sum(axis=1), echelon @ sizes
    places, of_pivot = np.arange(len(echelon)), sizes[pivots]
    chosen, excess = np.empty((1, 0), dtype=np.int64), np.zeros(1)
    found: list[Numbers] = []
    while len(chosen) and len(chosen) * places.size <= MOST_SUMS:
        last = chosen.max(axis=1, initial=-1)
        fits = (places > last[:, None]) & (sizes[pivots[chosen]].sum(axis=1)[:, None] + of_pivot < threshold)
        before, place = np.nonzero(fits)
        shared = np.zeros(before.size)
        for column in chosen.T:
            shared += gram[column[before], place]
        excess = excess[before] + own[place] + 2 * shared
        chosen = np.column_stack([chosen[before], place])
        is_near = (np.abs(excess) < NEAR) & (people[chosen].sum(axis=1) < threshold - 1 / 2)
        found += list(chosen[is_near])
    return found, len(chosen) == 0
