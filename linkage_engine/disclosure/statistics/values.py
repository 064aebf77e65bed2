"""Means, standard deviations and sums of what everybody has a number of: cost, days in bed, a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import Tally
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.primary.categories import tells_value
from linkage_engine.disclosure.primary.concentration import is_concentrated
from linkage_engine.disclosure.rounding import METHODS, between, three_figures, to_step
from linkage_engine.disclosure.statistics.computed import Computed
from linkage_engine.disclosure.statistics.counts import in_part
from linkage_engine.disclosure.statistics.outcomes import Judged, judged


def mean(exact: Exact, measure: PlannedMeasure) -> Figures:
    """The mean, where enough people have a value and none stands out; to the step of `to_step`."""
    return _of_values(exact, measure, _mean)


def deviation(exact: Exact, measure: PlannedMeasure) -> Figures:
    """The standard deviation (of a sample), by the rule of the mean and to its step."""
    return _of_values(exact, measure, _deviation)


def whose(exact: Exact, part: str | None) -> Judged:
    """Of whose values anything may be told: where the number of people in the part is, or the population."""
    if part is None:
        return Judged(exact.populations_safe, ())
    return judged(exact, exact.counts(part))


def may_tell_values(values: Tally, policy: Policy) -> bool:
    """Whether there is a sum, nobody gives too much of it and no value is nearly everybody's."""
    return bool(
        values.any()
        and not is_concentrated(values, policy.magnitude)
        and not tells_value(values, policy.group_disclosure)
    )


def _mean(values: Tally) -> Fraction:
    return Fraction(int(values.sum()), values.size)


def _deviation(values: Tally) -> Fraction:
    squares = sum(each * each for each in values.tolist())
    total, people = int(values.sum()), values.size
    variance = Fraction(people * squares - total * total, people * (people - 1))
    return Fraction((Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt())


def _of_values(exact: Exact, measure: PlannedMeasure, statistic: Callable[[Tally], Fraction]) -> Figures:
    variable, part = measure.variable, measure.part
    assert variable is not None  # ABOUT says so
    found, method = whose(exact, part), exact.policy.counts.method
    people = in_part(exact, part)
    fewest, _ = between(METHODS[method](np.array([each.size for each in people], dtype=np.int64)), method)
    numbers = np.full(len(people), np.nan)
    for place in np.flatnonzero(found.allowed).tolist():
        values = exact.table.cells[place].values_in(variable, part)
        if may_tell_values(values, exact.policy):
            numbers[place] = to_step(statistic(values), fewest=int(fewest[place]))
    return Figures(
        measure.statistic,
        part,
        numbers=numbers,
        people=people,
        allowed=~np.isnan(numbers),
        bands=found.bands,
    )


SUMS: Mapping[Statistic, Computed] = {
    Statistic.SUM: Computed((Statistic.MEAN, None), lambda average, people: three_figures(average * people)),
}
"""A sum is the told mean times the told people: an exact one beside the mean would say how many they are."""
