"""What follows from everything told, by exact elimination: shares no code with what is attacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import flint
import numpy as np
import numpy.typing as npt

PRIME = 2**40 - 87
"""Sums of a few thousand residues are exact in floating point."""
VECTORS = 2
"""A group that does not follow passes with a chance of one in the square of the prime."""
BLOCK_SETS = 500

Group = frozenset[int]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Solved:
    """Sorts of people whom no told set tells apart, and random vectors of the null space over them.

    A group's size follows from those of the sets if and only if the group is made of whole sorts and
    every null vector adds up to 0 over them, modulo a prime. `told` is sets by sorts, 0 and 1.
    """

    told: Numbers
    sort_of: Numbers
    sizes: Numbers
    null: Numbers
    rank: int

    def follows(self, group: Group) -> bool:
        """Whether the number of people in a group could be computed."""
        sorts, counts = np.unique(self.sort_of[sorted(group)], return_counts=True)
        if not group or (counts != self.sizes[sorts]).any():
            return False
        return not (self.null[sorts].sum(axis=0) % PRIME).any()

    def persons(self) -> list[int]:
        """Who could be computed alone."""
        alone = (self.sizes == 1) & ~self.null.any(axis=1)
        found: list[int] = np.flatnonzero(alone[self.sort_of]).tolist()
        return found

    def pairs(self, threshold: int) -> set[Group]:
        """What two told sets share, or one has beyond the other, where it is few people and follows.

        The null vectors add up to 0 over each told set, so the three parts of a pair follow together.
        """
        weighted = np.column_stack([self.sizes, self.null[:, 0]]).astype(np.float64)
        rows = self.told.astype(np.float64)
        sizes = rows @ weighted[:, 0]
        found: set[Group] = set()
        for begin in range(0, len(rows), BLOCK_SETS):
            block = rows[begin : begin + BLOCK_SETS]
            shared = (block * weighted[:, 0]) @ rows.T
            parts = (shared, sizes[begin : begin + BLOCK_SETS, None] - shared, sizes[None] - shared)
            small = np.any([(part > 0) & (part < threshold) for part in parts], axis=0)
            zero = ((block * weighted[:, 1]) @ rows.T) % PRIME == 0
            for a, b in np.argwhere(small & zero).tolist():
                found |= self._parts(self.told[begin + a] > 0, self.told[b] > 0, threshold)
        return found

    def _parts(self, a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_], threshold: int) -> set[Group]:
        parts = [self.people(np.flatnonzero(part)) for part in (a & b, a & ~b, b & ~a)]
        return {part for part in parts if 0 < len(part) < threshold and self.follows(part)}

    def people(self, sorts: Numbers) -> Group:
        """Everybody of some sorts."""
        chosen = np.zeros(self.sizes.size, dtype=np.bool_)
        chosen[sorts] = True
        return frozenset(np.flatnonzero(chosen[self.sort_of]).tolist())


def solve(told: Iterable[Sequence[int]], persons: int, random: np.random.Generator) -> Solved:
    """Eliminate all told sets."""
    distinct = dict.fromkeys(tuple(each) for each in told)
    rows = np.zeros((len(distinct) + 1, persons), dtype=np.int8)
    for number, people in enumerate(distinct):
        rows[number, list(people)] = 1
    columns, sort_of, sizes = np.unique(rows[:-1], axis=1, return_inverse=True, return_counts=True)
    matrix = columns.astype(np.int64)
    null, rank = _null_vectors(matrix, random)
    return Solved(matrix, sort_of.astype(np.int64).ravel(), sizes.astype(np.int64), null, rank)


def reduced(matrix: Numbers) -> tuple[Numbers, Numbers]:
    """The echelon form of a matrix modulo the prime, without empty rows, and its pivots."""
    found, rank = flint.nmod_mat(len(matrix), matrix.shape[1], matrix.ravel().tolist(), PRIME).rref()
    rows = np.array([[int(each) for each in row] for row in found.table()[:rank]], dtype=np.int64)
    rows = rows.reshape(rank, matrix.shape[1])
    return rows, (rows != 0).argmax(axis=1)


def _null_vectors(matrix: Numbers, random: np.random.Generator) -> tuple[Numbers, int]:
    """Free columns at random, pivots so that every row adds up to 0."""
    null = random.integers(0, PRIME, (matrix.shape[1], VECTORS))
    if not len(matrix):
        return null, 0
    rows, pivots = reduced(matrix)
    null[pivots] = 0
    residues = (rows.astype(object) @ null.astype(object)) % PRIME
    null[pivots] = ((PRIME - residues) % PRIME).astype(np.int64)
    return null, len(rows)
