"""Rounding of counts: each number on its own, always to the same place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def midpoint6(counts: Counts) -> Counts:
    """The middle of the count's bin of six: 1-6 is 3, 7-12 is 9; nobody stays 0. At most 3 off.

    The method of OpenSAFELY; sums of many rounded counts lie half a person a count too low.
    """
    return np.where(counts == 0, 0, (counts - 1) // 6 * 6 + 3)


def nearest5(counts: Counts) -> Counts:
    """The nearest multiple of five. At most 2 off."""
    return (counts + 2) // 5 * 5


def exact(counts: Counts) -> Counts:
    """The count itself: a policy that rounds nothing hides cells instead."""
    return counts


def three_figures(number: float) -> float:
    """The number to three significant figures."""
    return float(f"{number:.3g}")


def to_step(number: Fraction, *, fewest: int) -> float:
    """A mean as it is told: three figures, but no finer than one unit over the fewest people it may be of.

    Whole numbers that add up to a told mean then exist for every number of people that the told count may
    stand for: the mean does not say which it is. Halves go to the even step.
    """
    leading = (Decimal(number.numerator) / Decimal(number.denominator)).adjusted() if number else 0
    finest = 1 - len(str(fewest))
    return float(round(number, -max(leading - 2, finest)))


METHODS: Mapping[str, Callable[[Counts], Counts]] = {
    "midpoint6": midpoint6,
    "nearest5": nearest5,
    "none": exact,
}
"""Every method that a policy may name."""

ERROR_VARIANCE: Mapping[str, float] = {"midpoint6": 3.0, "nearest5": 2.0, "none": 0.0}
"""Of the error of each method, over the counts of a bin: 19/6 less the bias of 1/2 squared, and 2."""


def between(told: Counts, method: str) -> tuple[Counts, Counts]:
    """Between which counts the truth of told ones lies, ends included."""
    below, above = _REACH[method]
    nobody = METHODS[method](np.zeros_like(told) + 1) > 0
    most = np.where((told == 0) & nobody, 0, told + above)
    return np.maximum(told - below, 0), most


_REACH: Mapping[str, tuple[int, int]] = {"midpoint6": (2, 3), "nearest5": (2, 2), "none": (0, 0)}
"""How far under and above the told number the ends of its bin lie."""
