"""Median and centiles: enough people on either side, to the nearest unit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from linkage_engine.contract.controlled_table import PlannedMeasure
from linkage_engine.disclosure.cells import Tally
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.primary.categories import tells_value
from linkage_engine.disclosure.primary.quantiles import may_tell_quantile, to_unit
from linkage_engine.disclosure.statistics.counts import in_part
from linkage_engine.disclosure.statistics.values import whose


def quantile(exact: Exact, measure: PlannedMeasure) -> Figures:
    """A centile, where enough people stand on either side of it and no value is nearly everybody's."""
    variable, part, centile = measure.variable, measure.part, measure.at
    assert variable is not None  # ABOUT says so
    assert centile is not None
    at, policy, found = Fraction(centile, 100), exact.policy, whose(exact, part)
    numbers = np.full(len(exact.table.cells), np.nan)
    for place in np.flatnonzero(found.allowed).tolist():
        values = exact.table.cells[place].values_in(variable, part)
        enough = may_tell_quantile(values.size, at, policy.quantiles)
        if enough and not tells_value(values, policy.group_disclosure):
            numbers[place] = to_unit(centile_of(values, at))
    return Figures(
        measure.statistic,
        part,
        numbers=numbers,
        people=in_part(exact, part),
        allowed=~np.isnan(numbers),
        bands=found.bands,
    )


def centile_of(values: Tally, at: Fraction) -> Fraction:
    """The quantile between the order statistics on either side of (n - 1) times `at`.

    Definition 7 of Hyndman and Fan (The American Statistician 50, 1996); there is at least one value.
    """
    ordered = np.sort(values)
    place = (values.size - 1) * at
    below = place.numerator // place.denominator
    above = min(below + 1, values.size - 1)
    low, high = int(ordered[below]), int(ordered[above])
    return low + (place - below) * (high - low)
