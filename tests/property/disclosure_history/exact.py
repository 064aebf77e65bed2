"""What could be computed, by exact elimination modulo two primes: shares nothing with what is tested."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TypeVar

import flint
import numpy as np

PRIMES = 2**61 - 1, 2**63 - 25
"""Large enough that a wrong answer of one is not met in practice; two answers that differ are an error."""
People = frozenset[int]
T = TypeVar("T")


class _Span:
    """The row space of a table of 0 and 1 modulo a prime, by its reduced row echelon form.

    `rest` has one number a column: that of a random one, less what the rows tell of it at the pivots. A
    vector is its entries at the pivots times the reduced rows, that is in the span, exactly when it
    adds up to 0 over `rest`; one that is not does so once in 10^18.
    """

    def __init__(self, rows: np.ndarray, prime: int) -> None:
        self.prime = prime
        height, width = rows.shape
        reduced, self.rank = flint.nmod_mat(height, width, rows.ravel().tolist(), prime).rref()
        drawn: list[int] = np.random.default_rng(rows.size).integers(1, PRIMES[0], (width,)).tolist()
        told = (reduced * flint.nmod_mat(width, 1, drawn, prime)).entries()
        self.rest = [each % prime for each in drawn]
        for pivot, each in zip(_pivots(reduced, self.rank), told, strict=False):
            self.rest[pivot] = (drawn[pivot] - int(each)) % prime

    def has(self, columns: np.ndarray) -> bool:
        """Whether the vector with 1 in these columns is in the span."""
        return bool(sum(self.rest[column] for column in columns.tolist()) % self.prime == 0)


def _pivots(reduced: flint.nmod_mat, rank: int) -> list[int]:
    found, column = list[int](), 0
    for row in range(rank):
        while int(reduced[row, column]) == 0:
            column += 1
        found.append(column)
    return found


class Exactly:
    """The row space of sets of people; people who are in the same sets are one column."""

    def __init__(self, cells: list[People], persons: int) -> None:
        self.persons = persons
        rows = _table(cells or [frozenset()], persons)
        _, first, self.kinds = np.unique(
            np.packbits(rows, axis=0), axis=1, return_index=True, return_inverse=True
        )
        self.sizes = np.bincount(self.kinds)
        self.spans = [_Span(rows[:, first].astype(np.int64), prime) for prime in PRIMES]
        self.rank = _agreed(span.rank for span in self.spans)

    def alone(self) -> list[int]:
        """Who can be computed alone: somebody of a kind of one, told by itself."""
        single = np.flatnonzero(self.sizes == 1)
        told = [kind for kind in single if self._has(single[single == kind])]
        return np.flatnonzero(np.isin(self.kinds, told)).tolist()

    def determined(self, groups: list[People]) -> list[bool]:
        """For each group whether its size follows from those of the cells: whole kinds, in the span."""
        found = []
        for group in groups:
            kinds, counts = np.unique(self.kinds[sorted(group)], return_counts=True)
            found.append(bool((counts == self.sizes[kinds]).all()) and self._has(kinds))
        return found

    def _has(self, kinds: np.ndarray) -> bool:
        return _agreed(span.has(kinds) for span in self.spans)


def small_parts(cells: list[People], persons: int, threshold: int) -> list[People]:
    """Every small A&B, A\\B and B\\A of any two sets, once each."""
    distinct = sorted(set(cells), key=sorted)
    rows = _table(distinct, persons).astype(np.float64)
    both = rows @ rows.T
    sizes = rows.sum(axis=1)
    few = [(part > 0) & (part < threshold) for part in (both, sizes[:, None] - both, sizes[None] - both)]
    pairs = np.argwhere(np.triu(few[0] | few[1] | few[2], k=1)).tolist()
    parts = chain.from_iterable(
        (distinct[a] & distinct[b], distinct[a] - distinct[b], distinct[b] - distinct[a]) for a, b in pairs
    )
    return sorted({part for part in parts if 0 < len(part) < threshold}, key=sorted)


def small_differences(cells: list[People], persons: int, threshold: int) -> set[People]:
    """Those of them that could be computed."""
    parts = small_parts(cells, persons, threshold)
    verdicts = Exactly(cells, persons).determined(parts)
    return {part for part, determined in zip(parts, verdicts, strict=True) if determined}


def _table(sets: list[People], persons: int) -> np.ndarray:
    rows = np.zeros((len(sets), persons), dtype=np.bool_)
    for row, people in enumerate(sets):
        rows[row, sorted(people)] = True
    return rows


def _agreed(answers: Iterable[T]) -> T:
    first, second = answers
    if first != second:
        raise AssertionError("two primes disagree")
    return first
