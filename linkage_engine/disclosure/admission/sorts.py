"""Small groups that no table lists: sorts of people whom nothing told tells apart, and unions of sorts."""

from __future__ import annotations

from math import comb

import numpy as np

from linkage_engine.disclosure.admission.echelon import few_that_follow
from linkage_engine.disclosure.admission.pairs import fingerprints
from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets

MOST_SUBSETS = 250_000
"""So many subsets of small sorts are put together two and two: pairs of 700, triples of 115, fours of 50."""


def small_unions(rows: PersonSets, rest: Floats, *, threshold: int, nothing: float) -> PersonSets:
    """Unions of sorts, under the threshold, over which what the rows leave adds up to 0.

    Whatever can be computed from the rows is a union of sorts. A whole and all of its parts but a small one,
    each told in a table of its own, determine the small one, which is no cell and no part of any pair.
    All are found of up to four sorts, of six where no more than 115 are small, of eight where 50, of any
    number where 32, of two in any case; and of any number what the search of echelon forms finds.
    """
    sort_of, first = _sorts(rows, rest.shape[0])
    sizes = np.bincount(sort_of)
    sums: Floats = np.column_stack([np.bincount(sort_of, weights=column) for column in rest.T])
    small = np.flatnonzero((sizes < threshold) & (np.abs(sums) >= nothing).any(axis=1))
    closed = np.flatnonzero((sizes < threshold) & (sizes > 1) & (np.abs(sums) < nothing).all(axis=1))
    larger = few_that_follow(rows.matrix(rest.shape[0])[:, first], sizes, threshold=threshold)
    unions = [
        closed[:, None],
        *_unions(small, sizes, sums, threshold, nothing),
        *(each[None] for each in larger),
    ]
    distinct = dict.fromkeys(tuple(sorted(each)) for found in unions for each in found.tolist())
    return PersonSets.of(
        np.flatnonzero(np.isin(sort_of, union)).astype(np.int32)
        for union in distinct
        if len(set(union)) == len(union) and sizes[list(union)].sum() < threshold
    )


def _sorts(rows: PersonSets, persons: int) -> tuple[Numbers, Numbers]:
    """For each person the number of their sort, and for each sort somebody of it."""
    _, first, sort_of = np.unique(fingerprints(rows, persons), return_index=True, return_inverse=True)
    return sort_of.astype(np.int64), first.astype(np.int64)


def _unions(small: Numbers, sizes: Numbers, sums: Floats, threshold: int, nothing: float) -> list[Numbers]:
    """Unions of as many sorts as two lists of subsets make up, each no longer than `MOST_SUBSETS`."""
    found: list[Numbers] = []
    fewer, subsets = np.empty((0, 0), dtype=np.int64), small[:, None]
    while len(subsets):
        of_subsets = sums[subsets].sum(axis=1)
        one, other = _cancelling(sums[fewer].sum(axis=1), of_subsets, nothing)
        found.append(np.column_stack([fewer[one], subsets[other]]))
        one, other = _cancelling(of_subsets, of_subsets, nothing)
        found.append(np.column_stack([subsets[one], subsets[other]])[one < other])
        fewer, subsets = subsets, _with_one_more(subsets, small, sizes, threshold)
    return found


def _with_one_more(subsets: Numbers, small: Numbers, sizes: Numbers, threshold: int) -> Numbers:
    """Every subset with each later sort, where that stays under the threshold; none if there may be too many.

    Of more than half as many sorts as a small group has people none is needed.
    """
    width = subsets.shape[1] + 1
    if comb(small.size, width) > MOST_SUBSETS or width > threshold // 2:
        return np.empty((0, width), dtype=np.int64)
    later = small > subsets.max(axis=1, keepdims=True)
    fits = sizes[subsets].sum(axis=1, keepdims=True) + sizes[small] < threshold
    one, other = np.nonzero(later & fits)
    return np.column_stack([subsets[one], small[other]])


def _cancelling(values: Floats, others: Floats, nothing: float) -> tuple[Numbers, Numbers]:
    """The places of values and others that add up to 0 in every column."""
    order = np.argsort(others[:, 0], kind="stable")
    ranked = others[order, 0]
    begin = np.searchsorted(ranked, -values[:, 0] - nothing)
    count = np.searchsorted(ranked, -values[:, 0] + nothing) - begin
    value = np.repeat(np.arange(len(values)), count)
    place = np.arange(value.size) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    other = order[place]
    near = (np.abs(values[value] + others[other]) < nothing).all(axis=1)
    return value[near], other[near]
