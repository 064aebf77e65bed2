"""Rates and ratios: events against time at risk, or against what was expected; limits from told events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from linkage_engine.contract.controlled_table import AT_RISK, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactCell
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.intervals import byar
from linkage_engine.disclosure.reference import expected, safe_rates
from linkage_engine.disclosure.rounding import METHODS, between, three_figures, to_step
from linkage_engine.disclosure.statistics.computed import Computed
from linkage_engine.disclosure.statistics.counts import in_part
from linkage_engine.disclosure.statistics.outcomes import Judged, bands
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

DAYS_A_YEAR = 365.25
PER = 1000
"""Person-years that a rate is of."""


def expected_events(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Expected events: from strata of at least the threshold of people and events; three figures."""
    part, reference = measure.part, exact.table.reference
    assert part is not None  # ABOUT says so
    assert reference is not None  # a table with expected events has one
    at_least = effective_threshold(exact.policy.threshold.persons, exact.policy.counts.method)
    strata = safe_rates(reference, part, at_least=at_least)
    found = [expected(cell.days, strata) for cell in exact.table.cells]
    time = of_time(exact)
    return Figures(
        Statistic.EXPECTED,
        part,
        numbers=np.array(
            [np.nan if each is None else three_figures(each) for each in found], dtype=np.float64
        ),
        people=in_part(exact, None),
        allowed=time.allowed & np.array([each is not None for each in found], dtype=np.bool_),
        bands=time.bands,
    )


def person_years(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Time at risk: the mean days, as a mean is told, times the told people; in years, three figures.

    The exact days of people who are all followed equally long would be their exact number.
    """
    method = exact.policy.counts.method
    told, time = METHODS[method](exact.populations), of_time(exact)
    fewest, _ = between(told, method)
    years = [
        _years(days_in_view(measure, cell), cell.population.size, int(low)) * people
        for cell, low, people in zip(exact.table.cells, fewest, told.tolist(), strict=True)
    ]
    return Figures(
        Statistic.PERSON_YEARS,
        None,
        numbers=np.array([three_figures(each) for each in years], dtype=np.float64),
        people=in_part(exact, None),
        allowed=time.allowed,
        bands=time.bands,
    )


def of_time(exact: Exact) -> Judged:
    """Of whose time at risk anything may be told: the population's where it is told.

    Where those at risk are counted they are at least the threshold too: no time at all would say that
    everybody has died or moved. That nearly all are still there may be told.
    """
    safe = exact.populations_safe
    if all(measure.part != AT_RISK for measure in exact.table.measures):
        return Judged(safe, ())
    enough = may_be_told(exact.counts(AT_RISK), exact.policy)
    return Judged(safe & enough, bands(exact.policy, low=safe & ~enough, high=np.zeros_like(safe)))


def days_in_view(measure: PlannedMeasure, cell: ExactCell) -> int:
    """Everybody's days: those that a variable counts, or without one those at risk in all strata."""
    return int((cell.days if measure.variable is None else cell.values[measure.variable]).sum())


def _years(days: int, people: int, fewest: int) -> float:
    """Mean years; of nobody there are none."""
    return to_step(Fraction(days, people), fewest=fewest) / DAYS_A_YEAR if people else 0.0


def _ratio_of(events: Callable[[float], float]) -> Callable[[float, float], float]:
    def ratio(observed: float, expected_number: float) -> float:
        return round(events(observed) / expected_number, 2)

    return ratio


def _rate_of(events: Callable[[float], float]) -> Callable[[float, float], float]:
    def rate(observed: float, years: float) -> float:
        return three_figures(PER * events(observed) / years)

    return rate


def _difference_of(events: Callable[[float], float]) -> Callable[[float, float, float], float]:
    def difference(observed: float, expected_number: float, years: float) -> float:
        return three_figures(PER * (events(observed) - expected_number) / years)

    return difference


def _lower(events: float) -> float:
    return byar(events)[0]


def _upper(events: float) -> float:
    return byar(events)[1]


_HAPPENED = (Statistic.EVENTS, Statistic.EXPECTED)
_IN_TIME = (Statistic.EVENTS, Statistic.PERSON_YEARS)
_BEYOND = (Statistic.EVENTS, Statistic.EXPECTED, Statistic.PERSON_YEARS)

RATES: Mapping[Statistic, Computed] = {
    Statistic.RATIO: Computed(_HAPPENED, _ratio_of(float)),
    Statistic.RATIO_LOWER: Computed(_HAPPENED, _ratio_of(_lower)),
    Statistic.RATIO_UPPER: Computed(_HAPPENED, _ratio_of(_upper)),
    Statistic.RATE: Computed(_IN_TIME, _rate_of(float)),
    Statistic.RATE_LOWER: Computed(_IN_TIME, _rate_of(_lower)),
    Statistic.RATE_UPPER: Computed(_IN_TIME, _rate_of(_upper)),
    Statistic.EXPECTED_RATE: Computed((Statistic.EXPECTED, Statistic.PERSON_YEARS), _rate_of(float)),
    Statistic.DIFFERENCE: Computed(_BEYOND, _difference_of(float)),
    Statistic.DIFFERENCE_LOWER: Computed(_BEYOND, _difference_of(_lower)),
    Statistic.DIFFERENCE_UPPER: Computed(_BEYOND, _difference_of(_upper)),
}
"""Told events over what was expected or over person-years, and Byar's limits.

The limits of a difference take what was expected as known: those compared with are many more than the cases.
"""
