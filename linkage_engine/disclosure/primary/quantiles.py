"""Quantiles: somebody's value, unless enough people stand on either side."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from linkage_engine.disclosure.policy_parts import Quantiles


def may_tell_quantile(persons: int, quantile: float | Fraction, rule: Quantiles) -> bool:
    """Whether enough people lie at or below the quantile, and as many at or above it.

    With ten on each side the median needs 20 people, and the 5th and 95th centiles 200. Minimum and
    maximum are never told.
    """
    at = Fraction(str(quantile))
    if not 0 < at < 1:
        return False
    side = min(at, 1 - at)
    return persons >= ceil(rule.each_side_min / side)


def to_unit(value: float | Fraction) -> int:
    """The value to the nearest whole unit, halves up."""
    return int((Fraction(str(value)) + Fraction(1, 2)).__floor__())
