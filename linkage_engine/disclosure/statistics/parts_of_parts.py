"""Of those in one part, how many are in a part of it: from two told counts of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from linkage_engine.contract.controlled_table import CellStatus, Statistic
from linkage_engine.disclosure.intervals import wilson
from linkage_engine.disclosure.statistics.computed import Computed, Other, share

_LOWER, _UPPER = 0, 1
# Those whom it is a share of stand last: with nobody among them there is nothing to compute.
_SOURCES = (None, Other.WITHIN)


def _percent(part: float, within: float) -> float:
    """Counts that are blurred each on its own can be more than those whom they are of."""
    return share(min(part, within), within, per=100, decimals=1)


def _limit(side: int) -> Callable[[float, float], float]:
    def percent(part: float, within: float) -> float:
        return round(100 * wilson(min(part, within), within)[side], 1)

    return percent


def _banded(part: CellStatus, within: CellStatus) -> CellStatus:
    """Few of many are few; of few, or of an unknown many, there is no share."""
    return part if within is CellStatus.SHOWN else CellStatus.UNAVAILABLE


PARTS_OF_PARTS: Mapping[Statistic, Computed] = {
    Statistic.SHARE_OF_PART: Computed(_SOURCES, _percent, _banded),
    Statistic.SHARE_OF_PART_LOWER: Computed(_SOURCES, _limit(_LOWER), _banded),
    Statistic.SHARE_OF_PART_UPPER: Computed(_SOURCES, _limit(_UPPER), _banded),
}
"""Shares of told people, with Wilson's limits (Wilson 1927)."""
