"""Each statistic with its rule: what is told of exact cells, and what is computed from told numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue, Statistic
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.intervals import byar, wilson
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.reference import expected, safe_rates
from linkage_engine.disclosure.rounding import METHODS, Counts
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

Column = tuple[ControlledValue, ...]
"""One number for each cell of a table."""

CONFIDENTIAL = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
UNAVAILABLE = ControlledValue(value=None, status=CellStatus.UNAVAILABLE)


@dataclass(frozen=True, eq=False)
class Exact:
    """A table under a policy, with what several rules ask for."""

    table: ExactTable
    policy: Policy
    withheld: frozenset[int] = frozenset()
    """Places of cells of which nothing may be told, however many people they are about."""

    @property
    def populations(self) -> Counts:
        """People of each cell."""
        return np.array([cell.population.size for cell in self.table.cells], dtype=np.int64)

    @property
    def populations_safe(self) -> npt.NDArray[np.bool_]:
        """Which cells are about enough people and not withheld: of the others nothing is told."""
        safe = may_be_told(self.populations, self.policy)
        safe[list(self.withheld)] = False
        return safe

    def counts(self, part: str) -> Counts:
        """People of each cell in a part."""
        return np.array([cell.parts[part].size for cell in self.table.cells], dtype=np.int64)

    def told(self, numbers: Counts, *, where: npt.NDArray[np.bool_]) -> Column:
        """Rounded numbers, and confidential ones elsewhere."""
        rounded = METHODS[self.policy.counts.method](numbers).tolist()
        pairs = zip(rounded, where.tolist(), strict=True)
        return tuple(ControlledValue(value=number) if safe else CONFIDENTIAL for number, safe in pairs)


def _population(exact: Exact, _: str) -> Column:
    """People: at least the threshold; rounded."""
    return exact.told(exact.populations, where=exact.populations_safe)


def _count(exact: Exact, part: str) -> Column:
    """People in a part: they, and where the policy says so those who are not, at least the threshold."""
    counts = exact.counts(part)
    safe = exact.populations_safe & may_be_told(counts, exact.policy)
    if exact.policy.threshold.complement:
        safe &= may_be_told(exact.populations - counts, exact.policy)
    return exact.told(counts, where=safe)


def _events(exact: Exact, part: str) -> Column:
    """Events: at least the threshold, and so are the people they happened to; rounded like people."""
    events = np.array([cell.events[part] for cell in exact.table.cells], dtype=np.int64)
    people_safe = may_be_told(exact.counts(part), exact.policy)
    safe = exact.populations_safe & people_safe & may_be_told(events, exact.policy)
    return exact.told(events, where=safe)


def _expected(exact: Exact, part: str) -> Column:
    """Expected events: from strata of at least the threshold of people and events; three figures."""
    reference = exact.table.reference
    assert reference is not None  # a table with expected events has one
    at_least = effective_threshold(exact.policy.threshold.persons, exact.policy.counts.method)
    rates = safe_rates(reference, part, at_least=at_least)
    numbers = [expected(cell.days, rates) for cell in exact.table.cells]
    return tuple(
        ControlledValue(value=three_figures(number)) if safe and number is not None else CONFIDENTIAL
        for number, safe in zip(numbers, exact.populations_safe.tolist(), strict=True)
    )


def three_figures(number: float) -> float:
    """The number to three significant figures."""
    return float(f"{number:.3g}")


TOLD: Mapping[Statistic, Callable[[Exact, str], Column]] = {
    Statistic.POPULATION: _population,
    Statistic.COUNT: _count,
    Statistic.EVENTS: _events,
    Statistic.EXPECTED: _expected,
}
"""What is told of exact cells; nothing else sees them."""


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
