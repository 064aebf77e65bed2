"""Small groups that nobody listed: a search through everything that follows from what was told."""

from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.disclosure.attack.solver import PRIME, Group, Numbers, Solved, reduced

SAMPLES = 12
MOST_SORTS = 1_500
"""Pairs of more are not gone through."""


def small_unions(solved: Solved, threshold: int) -> set[Group]:
    """Groups under a threshold whose number follows: all unions of up to four sorts.

    Sorts are people whom no told set tells apart. Of unions whose parts follow only the parts are named.
    """
    small = np.flatnonzero(solved.sizes < threshold)
    alone = small[~solved.null[small].any(axis=1)]
    rest = np.setdiff1d(small, alone)[:MOST_SORTS]
    return _people(
        solved, {frozenset([each]) for each in alone.tolist()} | _two_to_four(solved, rest), threshold
    )


def larger_unions(solved: Solved, threshold: int, random: np.random.Generator) -> set[Group]:
    """Groups under a threshold whose number follows, of any number of sorts, as far as chance finds them.

    Rows of echelon forms over columns in random order: a group is one of them when exactly one of its sorts
    is a pivot.
    """
    return _people(solved, _sampled(solved, random), threshold)


def _people(solved: Solved, unions: set[frozenset[int]], threshold: int) -> set[Group]:
    return {
        solved.people(np.array(sorted(each)))
        for each in unions
        if 0 < int(solved.sizes[sorted(each)].sum()) < threshold
    }


def _two_to_four(solved: Solved, sorts: Numbers) -> set[frozenset[int]]:
    """Two sorts whose null vectors cancel; two pairs that do, or a pair and a sort."""
    first, second = np.triu_indices(sorts.size, 1)
    pairs = (solved.null[sorts[first], 0] + solved.null[sorts[second], 0]) % PRIME
    found = {frozenset(sorts[[first[each], second[each]]].tolist()) for each in np.flatnonzero(pairs == 0)}
    order = np.argsort(pairs, kind="stable")
    ranked = pairs[order]

    def cancelling(values: Numbers) -> list[tuple[int, int]]:
        wanted = (PRIME - values) % PRIME
        begin, end = np.searchsorted(ranked, wanted, "left"), np.searchsorted(ranked, wanted, "right")
        return [
            (place, int(order[other]))
            for place in np.flatnonzero(end > begin).tolist()
            for other in range(begin[place], end[place])
        ]

    for place, pair in cancelling(solved.null[sorts, 0]):
        found.add(frozenset(sorts[[place, first[pair], second[pair]]].tolist()))
    for one, other in cancelling(pairs):
        if one < other:
            found.add(frozenset(sorts[[first[one], second[one], first[other], second[other]]].tolist()))
    return {each for each in found if not (solved.null[sorted(each)].sum(axis=0) % PRIME).any()}


def _sampled(solved: Solved, random: np.random.Generator) -> set[frozenset[int]]:
    """Rows of 0 and 1 in echelon forms."""
    found: set[frozenset[int]] = set()
    for _ in range(SAMPLES):
        order = random.permutation(solved.sizes.size)
        rows, _ = reduced(solved.told[:, order])
        plain = rows[(rows <= 1).all(axis=1)]
        found |= {frozenset(order[np.flatnonzero(row)].tolist()) for row in plain}
    return found
