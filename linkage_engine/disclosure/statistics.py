"""Each statistic with its rule: what may be told of exact cells, and what is computed from told numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue, Statistic
from linkage_engine.disclosure.cells import Persons
from linkage_engine.disclosure.figures import CONFIDENTIAL, UNAVAILABLE, Exact, Figures
from linkage_engine.disclosure.intervals import byar, wilson
from linkage_engine.disclosure.reference import expected, safe_rates
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told


def _population(exact: Exact, _: str) -> Figures:
    """People: at least the threshold."""
    return Figures(
        Statistic.POPULATION,
        None,
        numbers=exact.populations,
        people=tuple(cell.population for cell in exact.table.cells),
        allowed=exact.populations_safe,
    )


def _count(exact: Exact, part: str) -> Figures:
    """People in a part: they, and where the policy says so those who are not, at least the threshold."""
    counts = exact.counts(part)
    safe = exact.populations_safe & exact.parts_safe(part) & may_be_told(counts, exact.policy)
    if exact.policy.threshold.complement:
        safe &= may_be_told(exact.populations - counts, exact.policy)
    return Figures(Statistic.COUNT, part, numbers=counts, people=_in(exact, part), allowed=safe)


def _events(exact: Exact, part: str) -> Figures:
    """Events: at least the threshold, and so are the people they happened to."""
    events = np.array([cell.events[part] for cell in exact.table.cells], dtype=np.int64)
    people_safe = may_be_told(exact.counts(part), exact.policy)
    safe = exact.populations_safe & people_safe & may_be_told(events, exact.policy)
    return Figures(Statistic.EVENTS, part, numbers=events, people=_in(exact, part), allowed=safe)


def _expected(exact: Exact, part: str) -> Figures:
    """Expected events: from strata of at least the threshold of people and events; three figures."""
    reference = exact.table.reference
    assert reference is not None  # a table with expected events has one
    at_least = effective_threshold(exact.policy.threshold.persons, exact.policy.counts.method)
    rates = safe_rates(reference, part, at_least=at_least)
    found = [expected(cell.days, rates) for cell in exact.table.cells]
    return Figures(
        Statistic.EXPECTED,
        part,
        numbers=np.array(
            [np.nan if each is None else three_figures(each) for each in found], dtype=np.float64
        ),
        people=tuple(cell.population for cell in exact.table.cells),
        allowed=exact.populations_safe & np.array([each is not None for each in found], dtype=np.bool_),
    )


def _in(exact: Exact, part: str) -> tuple[Persons, ...]:
    return tuple(cell.parts[part] for cell in exact.table.cells)


def three_figures(number: float) -> float:
    """The number to three significant figures."""
    return float(f"{number:.3g}")


TOLD: Mapping[Statistic, Callable[[Exact, str], Figures]] = {
    Statistic.POPULATION: _population,
    Statistic.COUNT: _count,
    Statistic.EVENTS: _events,
    Statistic.EXPECTED: _expected,
}
"""What may be told of exact cells, each by its rule; a mechanism makes numbers of it that leave."""


def share(count: float, population: float, *, per: int, decimals: int) -> float:
    """So many of each `per`, halves up; in whole numbers throughout, so that anybody gets the same."""
    scale: int = 10**decimals
    return (2 * int(count) * per * scale + int(population)) // (2 * int(population)) / scale


def _limit(side: int) -> Callable[[float, float], float]:
    def percent(count: float, population: float) -> float:
        return round(100 * wilson(count, population)[side], 1)

    return percent


def _ratio_of(events: Callable[[float], float]) -> Callable[[float, float], float]:
    def ratio(observed: float, expected_events: float) -> float:
        return round(events(observed) / expected_events, 2)

    return ratio


@dataclass(frozen=True)
class Computed:
    """A number made of two others, of which the second is not nothing."""

    first: Statistic
    second: Statistic
    of: Callable[[float, float], float]

    def value(self, first: ControlledValue, second: ControlledValue) -> ControlledValue:
        """The number, or why there is none."""
        if CellStatus.CONFIDENTIAL in {first.status, second.status}:
            return CONFIDENTIAL
        if first.value is None or not second.value:
            return UNAVAILABLE
        return ControlledValue(value=self.of(first.value, second.value))


_LOWER, _UPPER = 0, 1
_PARTS, _HAPPENED = (Statistic.COUNT, Statistic.POPULATION), (Statistic.EVENTS, Statistic.EXPECTED)

COMPUTED: Mapping[Statistic, Computed] = {
    Statistic.PERCENT: Computed(*_PARTS, lambda x, n: share(x, n, per=100, decimals=1)),
    Statistic.PER_100_000: Computed(*_PARTS, lambda x, n: share(x, n, per=100_000, decimals=0)),
    Statistic.PERCENT_LOWER: Computed(*_PARTS, _limit(_LOWER)),
    Statistic.PERCENT_UPPER: Computed(*_PARTS, _limit(_UPPER)),
    Statistic.RATIO: Computed(*_HAPPENED, _ratio_of(float)),
    Statistic.RATIO_LOWER: Computed(*_HAPPENED, _ratio_of(lambda events: byar(events)[_LOWER])),
    Statistic.RATIO_UPPER: Computed(*_HAPPENED, _ratio_of(lambda events: byar(events)[_UPPER])),
}
"""What is computed from told numbers: they never see a cell."""
