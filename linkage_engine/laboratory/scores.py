"""Precision, recall and F1 of found pairs against the truth."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pair = tuple[str, str]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """How well found pairs agree with the true ones; a share of nothing is 0."""

    found: int
    true: int
    correct: int

    @property
    def precision(self) -> float:
        """The share of the found pairs that are true."""
        return self.correct / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the true pairs that were found."""
        return self.correct / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.found + self.true
        return 2 * self.correct / both if both else 0.0


def score_pairs(found: set[Pair], true: set[Pair]) -> Scores:
    """Found pairs counted against true ones; both are (identifier in A, identifier in B)."""
    return Scores(found=len(found), true=len(true), correct=len(found & true))


def scores_from(threshold: float, weights: Floats, is_true: Flags, *, true: int) -> Scores:
    """The scores of the pairs whose weight reaches the threshold, of `true` true ones in all."""
    kept = weights >= threshold
    return Scores(found=int(kept.sum()), true=true, correct=int((kept & is_true).sum()))


def best_f1(weights: Floats, is_true: Flags, *, true: int) -> float:
    """The best F1 of any threshold, with the truth in hand: what a choice without it is measured against."""
    if not weights.size or not true:
        return 0.0
    order = np.argsort(-weights, kind="stable")
    falling = weights[order]
    last_of_its_weight = np.append(falling[1:] != falling[:-1], True)
    f1 = 2 * np.cumsum(is_true[order]) / (np.arange(1, weights.size + 1) + true)
    return float(f1[last_of_its_weight].max())


def number_of_true_pairs(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Pairs of a record of A and one of B that are of one person; records of nobody known make none."""
    counts: dict[Hashable, int] = {}
    for person in b:
        counts[person] = counts.get(person, 0) + 1
    return sum(counts.get(person, 0) for person in a if person is not None)
