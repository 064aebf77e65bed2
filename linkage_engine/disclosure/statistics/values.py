"""Means, standard deviations and sums of what everybody has a number of: cost, days in bed, a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import numpy as np
from scipy.special import stdtrit

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import Tally, values_of
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


def expected_mean(exact: Exact, measure: PlannedMeasure) -> Figures:
    """The mean of the variable's norms, by the rule of the mean but for one thing.

    That all have the same is no secret: a norm is published, and follows from age and sex.
    """
    return _of_values(exact, measure, _mean)


def whose(exact: Exact, part: str | None) -> Judged:
    """Of whose values anything may be told: where the number of people in the part is, or the population."""
    if part is None:
        return Judged(exact.populations_safe, ())
    return judged(exact, exact.counts(part))


def may_tell_values(values: Tally, policy: Policy, *, is_published: bool = False) -> bool:
    """Whether there is a sum, nobody gives too much of it and no value is nearly everybody's.

    A value that is published for everybody of an age and sex may be everybody's.
    """
    return bool(
        values.any()
        and not is_concentrated(values, policy.magnitude)
        and (is_published or not tells_value(values, policy.group_disclosure))
    )


def _mean(values: Tally) -> Fraction:
    return Fraction(int(values.sum()), values.size)


def _deviation(values: Tally) -> Fraction:
    squares = sum(each * each for each in values.tolist())
    total, people = int(values.sum()), values.size
    variance = Fraction(people * squares - total * total, people * (people - 1))
    return Fraction((Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt())


def _of_values(exact: Exact, measure: PlannedMeasure, statistic: Callable[[Tally], Fraction]) -> Figures:
    part, is_published = measure.part, measure.statistic is Statistic.EXPECTED_MEAN
    found, method = whose(exact, part), exact.policy.counts.method
    people = in_part(exact, part)
    fewest, _ = between(METHODS[method](np.array([each.size for each in people], dtype=np.int64)), method)
    numbers = np.full(len(people), np.nan)
    for place in np.flatnonzero(found.allowed & (fewest >= (measure.people_min or 0))).tolist():
        values = exact.table.cells[place].values_in(values_of(measure), part)
        if may_tell_values(values, exact.policy, is_published=is_published):
            step = to_step(statistic(values), fewest=int(fewest[place]))
            numbers[place] = on_its_scale(measure, step)
    return Figures(
        measure.statistic,
        part,
        numbers=numbers,
        people=people,
        allowed=~np.isnan(numbers),
        bands=found.bands,
    )


def on_its_scale(measure: PlannedMeasure, number: float) -> float:
    """A mean or deviation of whole numbers on the scale that the measure is told on."""
    if measure.span is None:
        return number
    return measure.span.breadth(number) if measure.statistic is Statistic.SD else measure.span.place(number)


def _reach(deviation: float, people: float) -> float:
    """How far the limits of 95 % lie from a mean, by Student's distribution."""
    return float(stdtrit(people - 1, 0.975)) * deviation / sqrt(people)


def _beside(middle: float, side: int, deviation: float, people: float) -> float:
    return three_figures(middle + side * _reach(deviation, people))


_LOWER, _UPPER = -1, 1
_WITH_LIMITS = (Statistic.MEAN, Statistic.SD, None)
_COMPARED = (Statistic.EXPECTED_MEAN, Statistic.MEAN, None)
_COMPARED_WITH_LIMITS = (Statistic.EXPECTED_MEAN, *_WITH_LIMITS)

MEANS: Mapping[Statistic, Computed] = {
    Statistic.MEAN_LOWER: Computed(_WITH_LIMITS, lambda mean, sd, n: _beside(mean, _LOWER, sd, n)),
    Statistic.MEAN_UPPER: Computed(_WITH_LIMITS, lambda mean, sd, n: _beside(mean, _UPPER, sd, n)),
    Statistic.MEAN_DIFFERENCE: Computed(_COMPARED, lambda norm, mean, _: three_figures(mean - norm)),
    Statistic.MEAN_DIFFERENCE_LOWER: Computed(
        _COMPARED_WITH_LIMITS, lambda norm, mean, sd, n: _beside(mean - norm, _LOWER, sd, n)
    ),
    Statistic.MEAN_DIFFERENCE_UPPER: Computed(
        _COMPARED_WITH_LIMITS, lambda norm, mean, sd, n: _beside(mean - norm, _UPPER, sd, n)
    ),
}
"""Limits of told means, and how far they are from the general population's, whose mean is taken as known."""

SUMS: Mapping[Statistic, Computed] = {
    Statistic.SUM: Computed((Statistic.MEAN, None), lambda average, people: three_figures(average * people)),
}
"""A sum is the told mean times the told people: an exact one beside the mean would say how many they are."""
