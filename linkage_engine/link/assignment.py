"""Each record is linked once at most: the heaviest pairs first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def one_to_one(
    left: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The places of the pairs that a greedy one-to-one assignment keeps, in falling order of weight.

    A pair is kept when neither record is in a heavier pair that was kept; equal weights go by record number.
    """
    order = np.lexsort((right, left, -weight))
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    kept: list[int] = []
    for place, a, b in zip(order.tolist(), left[order].tolist(), right[order].tolist(), strict=True):
        if a not in taken_left and b not in taken_right:
            taken_left.add(a)
            taken_right.add(b)
            kept.append(place)
    return np.array(kept, dtype=np.int64)
