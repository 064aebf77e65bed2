"""The threshold: which counts are too small once rounding is taken into account."""

from __future__ import annotations

from itertools import count

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import METHODS, Counts


def effective_threshold(persons: int, method: str) -> int:
    """The first count of the first rounding bin that lies wholly at or above `persons`.

    With midpoint-6 and 10 it is 13: a true 10 to 12 would be printed as 9, under the threshold.
    """
    rounded = METHODS[method]
    starts = (n for n in count(persons) if rounded(np.array([n])) != rounded(np.array([n - 1])))
    return next(starts)


def may_be_told(counts: Counts, policy: Policy) -> npt.NDArray[np.bool_]:
    """Which counts of people may be told under a policy, by their size alone."""
    large = np.greater_equal(counts, effective_threshold(policy.threshold.persons, policy.counts.method))
    zeros = counts == 0 if policy.threshold.zero.sampling == "show" else False
    told: npt.NDArray[np.bool_] = np.logical_or(large, zeros)
    return told
