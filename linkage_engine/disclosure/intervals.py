"""Confidence intervals of 95 %, each formula once: they are given controlled numbers only."""

from __future__ import annotations

from math import sqrt

Z = 1.959963984540054
"""The 97.5th centile of the standard normal distribution."""

Interval = tuple[float, float]
"""Lower and upper limit."""


def byar(events: float) -> Interval:
    """Byar's approximation to the exact limits of a Poisson count.

    Breslow and Day, Statistical Methods in Cancer Research, volume II (1987), equation 2.13. At 9
    events it is within 0.5 % of the exact limits and comes closer with more; the lower limit
    of none is 0.
    """
    more = events + 1
    upper = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    if events == 0:
        return 0.0, upper
    return events * (1 - 1 / (9 * events) - Z / (3 * sqrt(events))) ** 3, upper


def wilson(count: float, population: float) -> Interval:
    """Wilson's score limits of a proportion (Journal of the American Statistical Association 22, 1927).

    Both lie between 0 and 1; the population is at least 1.
    """
    share, square = count / population, Z * Z
    middle = share + square / (2 * population)
    reach = Z * sqrt(share * (1 - share) / population + square / (4 * population * population))
    scale = 1 + square / population
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
