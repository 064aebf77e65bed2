"""The standardised difference between the linked and the others, from told numbers alone."""

from __future__ import annotations

from math import sqrt

FLAGGED = 0.1
"""From here on a difference is pointed out (Austin 2009; GUILD's readers use the same)."""


def share_in(part: float, whole: float) -> float | None:
    """The share of a whole that is in a part: numbers that are rounded by themselves may not quite fit."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else None


def standardised_difference(first: float | None, second: float | None) -> float | None:
    """By how many standard deviations two shares differ: d = (p1 - p2) / sqrt((p1 q1 + p2 q2) / 2).

    Nothing where a share is unknown, or where both are 0 or 1 and different: there is no deviation.
    """
    if first is None or second is None:
        return None
    spread = (first * (1 - first) + second * (1 - second)) / 2
    if not spread:
        return 0.0 if first == second else None
    return (first - second) / sqrt(spread)
