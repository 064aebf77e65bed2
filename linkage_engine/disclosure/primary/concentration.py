"""Sums and means: too few contributors, or too much of the sum from too few of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.policy_parts import Magnitude

Contributions = npt.NDArray[np.int64]
"""What each contributor gave, in whole units, from 0 up."""


def has_too_few(contributions: Contributions, threshold: int) -> bool:
    """Whether somebody contributed, but fewer than the threshold."""
    return 0 < contributions.size < threshold


def is_dominated(contributions: Contributions, n: int, share: float) -> bool:
    """Whether the n largest give more than so much of the total ((n, k) rule, SDC handbook 4.2.1)."""
    ordered = np.sort(contributions)[::-1]
    return Fraction(int(ordered[:n].sum())) > Fraction(str(share)) * int(ordered.sum())


def is_known_too_closely(contributions: Contributions, p_percent: float) -> bool:
    """Whether the second largest can work the largest out to within p % (p % rule, SDC handbook 4.2.1).

    They know the total and their own part: what the others gave together is the error of their guess.
    """
    ordered = np.sort(contributions)[::-1]
    others = int(ordered[2:].sum())
    largest = int(ordered[0]) if ordered.size else 0
    return Fraction(others) * 100 < Fraction(str(p_percent)) * largest


def is_concentrated(contributions: Contributions, rules: Magnitude) -> bool:
    """Whether a sum over these contributors gives one of them away by what they give."""
    return any(is_dominated(contributions, n, share) for n, share in rules.nk) or is_known_too_closely(
        contributions, rules.p_percent
    )


def is_unsafe_sum(contributions: Contributions, *, threshold: int, rules: Magnitude) -> bool:
    """Whether a sum over these contributors is unsafe under any of the rules."""
    if not contributions.size:
        return False
    return has_too_few(contributions, threshold) or is_concentrated(contributions, rules)
