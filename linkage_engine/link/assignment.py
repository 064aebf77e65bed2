"""How often a record may be linked: the heaviest pairs first."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Assignment(StrEnum):
    """What a pair of data sets allows."""

    ONE_TO_ONE = "one-to-one"
    """Each record is of another person."""
    ONE_TO_MANY = "one-to-many"
    """The second file may have several records of a person, the first one only."""


def one_to_one(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weight: NDArray[np.float64],
    assignment: Assignment = Assignment.ONE_TO_ONE,
) -> NDArray[np.int64]:
    """The places of the pairs that a greedy assignment keeps, in falling order of weight.

    A pair is kept when no record that may be linked once is in a heavier pair that was kept; equal weights go
    by record number.
    """
    order = np.lexsort((right, left, -weight))
    if assignment is Assignment.ONE_TO_MANY:
        _, first = np.unique(right[order], return_index=True)
        return order[np.sort(first)]
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    kept: list[int] = []
    for place, a, b in zip(order.tolist(), left[order].tolist(), right[order].tolist(), strict=True):
        if a not in taken_left and b not in taken_right:
            taken_left.add(a)
            taken_right.add(b)
            kept.append(place)
    return np.array(kept, dtype=np.int64)
