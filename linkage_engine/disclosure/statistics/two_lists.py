"""Two lists of people that overlap: how much of one is in the other, and how many are in neither.

All from three told counts of people who are in both, in the first alone and in the second alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

from linkage_engine.contract.controlled_table import CellStatus, Statistic
from linkage_engine.disclosure.intervals import Interval, Z, wilson
from linkage_engine.disclosure.statistics.computed import Computed, Other, share

_LOWER, _UPPER = 0, 1


def chapman(both: float, first_alone: float, second_alone: float) -> float:
    """How many people there are, were both lists made independently of each other.

    Chapman's estimate, which is not biased where the lists together are as large as what they are drawn from
    (University of California Publications in Statistics 1, 1951).
    """
    return (both + first_alone + 1) * (both + second_alone + 1) / (both + 1) - 1


def chapman_limits(both: float, first_alone: float, second_alone: float) -> Interval:
    """Limits of 95 % by Seber's variance (Biometrika 57, 1970), no lower than who is known."""
    lists = (both + first_alone + 1) * (both + second_alone + 1)
    variance = lists * first_alone * second_alone / ((both + 1) ** 2 * (both + 2))
    middle, reach = chapman(both, first_alone, second_alone), Z * sqrt(variance)
    return max(both + first_alone + second_alone, middle - reach), middle + reach


def _percent_limit(side: int) -> Callable[[float, float], float]:
    def percent(besides: float, part: float) -> float:
        return round(100 * wilson(part, part + besides)[side], 1)

    return percent


def _estimate(of: Callable[[float, float, float], float]) -> Callable[[float, float, float], float]:
    def people(third: float, besides: float, part: float) -> float:
        return float(round(of(part, besides, third)))

    return people


def _of_two(besides: CellStatus, part: CellStatus) -> CellStatus:
    """The share of one where a band stands for it or for the other: of few together there is none."""
    if part is CellStatus.LOW:
        return CellStatus.UNAVAILABLE if besides is CellStatus.LOW else CellStatus.LOW
    if part is CellStatus.HIGH or besides is CellStatus.LOW:
        return CellStatus.HIGH
    return CellStatus.UNAVAILABLE


# Those in the first part stand last: with nobody in both there is nothing to compute.
_TWO = (Other.BESIDES, None)
_LISTS = (Other.THIRD, Other.BESIDES, None)

TWO_LISTS: Mapping[Statistic, Computed] = {
    Statistic.TOGETHER: Computed(_TWO, lambda besides, part: part + besides),
    Statistic.SHARE_OF_TWO: Computed(
        _TWO, lambda besides, part: share(part, part + besides, per=100, decimals=1), _of_two
    ),
    Statistic.SHARE_OF_TWO_LOWER: Computed(_TWO, _percent_limit(_LOWER), _of_two),
    Statistic.SHARE_OF_TWO_UPPER: Computed(_TWO, _percent_limit(_UPPER), _of_two),
    Statistic.SIZE_RATIO: Computed(
        _LISTS, lambda third, besides, part: share(part + third, part + besides, per=100, decimals=1)
    ),
    Statistic.CHAPMAN: Computed(_LISTS, _estimate(chapman)),
    Statistic.CHAPMAN_LOWER: Computed(_LISTS, _estimate(lambda *told: chapman_limits(*told)[_LOWER])),
    Statistic.CHAPMAN_UPPER: Computed(_LISTS, _estimate(lambda *told: chapman_limits(*told)[_UPPER])),
}
"""Shares and estimates of told people."""
