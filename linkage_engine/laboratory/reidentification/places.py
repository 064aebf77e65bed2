"""Postcodes from their tokens: a sector is told by a known person, or by the sizes of its postcodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from linkage_engine.laboratory.reidentification.classes import looked_up, most_voted
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import Known, PublicTables

FIELD = "postcode"
COMPARED = 12
"""Postcodes of a sector whose sizes make its fingerprint, the largest first."""
MOST_SECTORS = 6000


def named_postcodes(seen: Seen, known: Known, public: PublicTables | None) -> Codes:
    """A postcode's code for each record, NONE where the attacker cannot say.

    Known people name their own postcode and its sector; other sectors are matched with public ones by the
    sizes of their postcodes, and postcodes within a sector by rank.
    """
    if FIELD not in seen.scalars:
        return np.full(seen.rows, NONE, dtype=np.int64)
    codes = seen.scalars[FIELD]
    named = most_voted(codes[known.rows], known.values[FIELD], size=int(codes.max(initial=NONE)) + 1)
    if public is not None and "sector" in seen.scalars:
        named = _by_sizes(seen, known, public, named)
    return looked_up(named, codes)


def _by_sizes(seen: Seen, known: Known, public: PublicTables, named: Codes) -> Codes:
    codes, sectors = seen.scalars[FIELD], seen.scalars["sector"]
    size = int(sectors.max(initial=NONE)) + 1
    told = known.values[FIELD] != NONE
    sector_of = most_voted(sectors[known.rows[told]], public.sectors[known.values[FIELD][told]], size=size)
    counts = np.bincount(codes[codes != NONE], minlength=len(named)).astype(np.float64)
    home = most_voted(codes, sectors, size=len(named))
    shares = public.shares[FIELD]
    expected = shares * counts.sum()
    ours, theirs = _fingerprints(home, counts, size), _fingerprints(public.sectors, expected, None)
    sector_of = _matched(sector_of, ours, theirs)
    return _within(named, (home, counts), sector_of, (public.sectors, expected))


def _fingerprints(sectors: Codes, sizes: NDArray[np.float64], number: int | None) -> NDArray[np.float64]:
    """For each sector the sizes of its postcodes, falling."""
    number = int(sectors.max(initial=NONE)) + 1 if number is None else number
    order = np.lexsort((-sizes, sectors))
    order = order[(sectors[order] != NONE) & (sizes[order] > 0)]
    starts = np.searchsorted(sectors[order], np.arange(number))
    place = np.arange(len(order)) - starts[sectors[order]]
    found = np.zeros((number, COMPARED))
    kept = place < COMPARED
    found[sectors[order][kept], place[kept]] = sizes[order][kept]
    return found


def _matched(named: Codes, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Codes:
    """Unnamed sectors matched with free public ones, largest first, at the least distance of fingerprints."""
    free = np.flatnonzero(named == NONE)
    free = free[np.argsort(-ours[free].sum(axis=1), kind="stable")][:MOST_SECTORS]
    others = np.setdiff1d(np.flatnonzero(theirs.sum(axis=1) > 0), named)
    others = others[np.argsort(-theirs[others].sum(axis=1), kind="stable")][:MOST_SECTORS]
    cost = np.zeros((len(free), len(others)), dtype=np.float32)
    for place in range(COMPARED):
        left, right = ours[free, place, np.newaxis], theirs[others, place]
        cost += (left - right) ** 2 / (right + 1)
    rows, columns = linear_sum_assignment(cost)
    found = named.copy()
    found[free[rows]] = others[columns]
    return found


def _within(
    named: Codes,
    ours: tuple[Codes, NDArray[np.float64]],
    sector_of: Codes,
    theirs: tuple[Codes, NDArray[np.float64]],
) -> Codes:
    """Postcodes of a named sector named by the rank of their sizes among those that nobody known has."""
    (home, counts), (sectors, expected) = ours, theirs
    free = np.flatnonzero((named == NONE) & (home != NONE))
    free = free[looked_up(sector_of, home[free]) != NONE]
    others = np.setdiff1d(np.flatnonzero(expected > 0), named)
    left = _ranked(sector_of[home[free]], counts[free])
    right = _ranked(sectors[others], expected[others])
    value_at = dict(zip(right, others.tolist(), strict=True))
    found = named.copy()
    found[free] = [value_at.get(key, NONE) for key in left]
    return found


def _ranked(groups: Codes, sizes: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Each member's group and its rank in it, the largest 0."""
    order = np.lexsort((-sizes, groups))
    starts = np.searchsorted(groups[order], groups[order])
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - starts
    return list(zip(groups.tolist(), ranks.tolist(), strict=True))
