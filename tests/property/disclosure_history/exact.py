"""What could be computed, by exact elimination modulo a prime: shares nothing with what is tested."""

from __future__ import annotations

from itertools import combinations

import flint
import numpy as np

PRIME = 2**61 - 1
People = frozenset[int]


class Exactly:
    """The row space of sets of people."""

    def __init__(self, cells: list[People], persons: int) -> None:
        self.persons = persons
        rows = flint.nmod_mat(max(1, len(cells)), persons, _entries(cells or [frozenset()], persons), PRIME)
        reduced, self.rank = rows.rref()
        table = self.echelon = reduced.table()[: self.rank]
        self.pivots = [next(place for place, value in enumerate(row) if int(value)) for row in table]
        self.basis = flint.nmod_mat(
            max(1, self.rank), persons, [int(v) for row in table for v in row] or [0] * persons, PRIME
        )

    def alone(self) -> list[int]:
        """Who can be computed alone: a unit vector is in the span only as a row of the echelon form."""
        rows = [[place for place, value in enumerate(row) if int(value)] for row in self.echelon]
        return sorted(row[0] for row in rows if len(row) == 1)

    def determined(self, groups: list[People]) -> list[bool]:
        """For each group whether its size follows from those of the cells."""
        if not groups or not self.rank:
            return [not group for group in groups]
        at_pivots = [int(place in group) for group in groups for place in self.pivots]
        told = flint.nmod_mat(len(groups), self.rank, at_pivots, PRIME) * self.basis
        table = told.table()
        return [
            all(int(value) == (place in group) for place, value in enumerate(row))
            for group, row in zip(groups, table, strict=True)
        ]


def small_differences(cells: list[People], persons: int, threshold: int) -> set[People]:
    """Every small A&B, A\\B and B\\A that could be computed."""
    parts = {
        part
        for a, b in combinations(set(cells), 2)
        for part in (a & b, a - b, b - a)
        if 0 < len(part) < threshold
    }
    listed = sorted(parts, key=sorted)
    verdicts = Exactly(cells, persons).determined(listed)
    return {part for part, determined in zip(listed, verdicts, strict=True) if determined}


def _entries(sets: list[People], persons: int) -> list[int]:
    entries = np.zeros((len(sets), persons), dtype=np.int64)
    for row, people in enumerate(sets):
        entries[row, sorted(people)] = 1
    return [int(each) for each in entries.ravel()]
