"""Records of one person within one file: set aside before anything in it is taken for chance."""

from __future__ import annotations

import numpy as np

from linkage_engine.link.threshold import Flags, Floats, Ints, mutual_best

SURE = 100.0
"""The odds at which two records of a file are one person's."""
MANY = 0.01
"""The share of a file from which duplicates are taken to be the custom, and fainter ones to be expected."""


def duplicates(left: Ints, right: Ints, weight: Floats, *, records: int, prior: float) -> Flags:
    """Which edges within a file of so many records are duplicates, and not decoys.

    An edge that is the best of both its ends is one where the odds are 100 to 1 though of all pairs of the
    file only one were a duplicate. Where a hundredth of the records have such an edge, as many duplicates are
    expected as were found, and the rest is judged by that. `prior` is the bits of odds within each weight.
    """
    best = mutual_best(left, right, weight, int(right.max(initial=-1)) + 1)
    least = prior + np.log2(max(records * (records - 1) / 2, 1.0)) + np.log2(SURE)
    found: Flags = best & (weight >= least)
    if found.sum() >= MANY * records:
        found = weight >= least - np.log2(found.sum())
    return found


def persons_of(left: Ints, right: Ints, records: int) -> Ints:
    """Of each record the least number of all that duplicates join it with."""
    least = np.arange(records)
    while True:
        both = np.minimum(least[left], least[right])
        before = least.copy()
        np.minimum.at(least, left, both)
        np.minimum.at(least, right, both)
        if (least == before).all():
            return least
