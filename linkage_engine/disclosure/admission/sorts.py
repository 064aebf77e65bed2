"""Small groups that no table lists: sorts of people whom nothing told tells apart, and unions of a few."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.admission.pairs import fingerprints
from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets

MOST_SORTS = 700
"""With more small sorts than these only unions of two are looked for: pairs of pairs would be too many."""


def small_unions(rows: PersonSets, rest: Floats, *, threshold: int, nothing: float) -> PersonSets:
    """Unions of up to four sorts, under the threshold, over which what the rows leave adds up to 0.

    Whatever can be computed from the rows is a union of sorts. A whole and all of its parts but a small one,
    each told in a table of its own, determine the small one, which is no cell and no part of any pair.
    """
    sort_of = _sorts(rows, rest.shape[0])
    sizes = np.bincount(sort_of)
    sums: Floats = np.column_stack([np.bincount(sort_of, weights=column) for column in rest.T])
    small = np.flatnonzero((sizes < threshold) & (np.abs(sums) >= nothing).any(axis=1))
    closed = np.flatnonzero((sizes < threshold) & (sizes > 1) & (np.abs(sums) < nothing).all(axis=1))
    unions = [closed[:, None], *_unions(small, sizes, sums, threshold, nothing)]
    distinct = dict.fromkeys(tuple(sorted(each)) for found in unions for each in found.tolist())
    return PersonSets.of(
        np.flatnonzero(np.isin(sort_of, union)).astype(np.int32)
        for union in distinct
        if len(set(union)) == len(union) and sizes[list(union)].sum() < threshold
    )


def _sorts(rows: PersonSets, persons: int) -> Numbers:
    """For each person the number of their sort."""
    _, sort_of = np.unique(fingerprints(rows, persons), return_inverse=True)
    return sort_of.astype(np.int64)


def _unions(small: Numbers, sizes: Numbers, sums: Floats, threshold: int, nothing: float) -> list[Numbers]:
    """Two sorts that cancel; where there are few enough also a sort and a pair, and two pairs."""
    one, other = _cancelling(sums[small], sums[small], nothing)
    found = [np.column_stack([small[one], small[other]])[one < other]]
    if small.size > MOST_SORTS:
        return found
    a, b = np.triu_indices(small.size, 1)
    fits = sizes[small[a]] + sizes[small[b]] < threshold
    pairs = np.column_stack([small[a[fits]], small[b[fits]]])
    of_pairs = sums[pairs].sum(axis=1)
    one, other = _cancelling(sums[small], of_pairs, nothing)
    found.append(np.column_stack([small[one], pairs[other]]))
    one, other = _cancelling(of_pairs, of_pairs, nothing)
    found.append(np.column_stack([pairs[one], pairs[other]])[one < other])
    return found


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
