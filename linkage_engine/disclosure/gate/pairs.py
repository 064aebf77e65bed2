"""Whether every small part of a pair with a new set is among the groups that are tested, now and later."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.disclosure.history.sets import Flags, PersonSets

Marks = npt.NDArray[np.uint64]

COUNT_BITS = 26
"""Of a sum of marks: how many people; the other 38 bits say who."""
BLOCK_VALUES = 4_000_000
LEAST = 2
"""People alone are all tested."""


def all_listed(
    before: PersonSets, new: PersonSets, listed: PersonSets, *, threshold: int, generator: np.random.Generator
) -> bool:
    """Whether each part of 2 to threshold - 1 people is listed that a new set makes with any set.

    A part is what both sets share, or one has beyond the other. Parts are not written out: everybody gets
    a random mark that nobody can foresee, and a part is known by how many are in it and the sum of their
    marks. One that is not listed passes once in some hundred thousand times. Two old sets were a pair
    with a new one when the later of them was told.
    """
    everything = before.joined(new)
    persons = max(everything.least_persons, listed.least_persons)
    marks = generator.integers(1 << (64 - COUNT_BITS), size=persons, dtype=np.uint64) << np.uint64(COUNT_BITS)
    marks += np.uint64(1)
    known = np.unique(_ones(listed, persons) @ marks)
    rows, of_new = _ones(everything, persons), _ones(new, persons)
    totals = rows @ marks
    by_kind, kinds = _kinds(of_new, marks, generator)
    step = max(1, BLOCK_VALUES // max(1, len(new)))
    for begin in range(0, len(everything), step):
        part = slice(begin, begin + step)
        shared = ((rows[part] @ by_kind) @ kinds).toarray()
        for sums in (shared, totals[part, None] - shared, totals[None, len(before) :] - shared):
            small = sums[_is_small(sums, threshold)]
            if not np.isin(small, known).all():
                return False
    return True


def _ones(sets: PersonSets, persons: int) -> sparse.csr_array:
    ones = np.ones(sets.members.size, dtype=np.uint64)
    return sparse.csr_array((ones, sets.members, sets.starts), shape=(len(sets), persons))


def _kinds(
    of_new: sparse.csr_array, marks: Marks, generator: np.random.Generator
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """People by kinds, with their marks, and kinds by new sets: a kind is in the same new sets."""
    signs = generator.integers(1 << 63, size=of_new.shape[0], dtype=np.uint64)
    inside = np.flatnonzero(np.diff(of_new.tocsc().indptr))
    _, first, kind = np.unique((of_new.T @ signs)[inside], return_index=True, return_inverse=True)
    by_kind = sparse.csr_array((marks[inside], (inside, kind)), shape=(marks.size, first.size))
    return by_kind, of_new[:, inside[first]].T.tocsr()


def _is_small(sums: Marks, threshold: int) -> Flags:
    counts = sums & np.uint64((1 << COUNT_BITS) - 1)
    small: Flags = (counts >= LEAST) & (counts < threshold)
    return small
