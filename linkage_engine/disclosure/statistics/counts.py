"""Counts: people, those of them in a part, what happened to them; and shares of told counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import Persons
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.intervals import wilson
from linkage_engine.disclosure.statistics.computed import Computed, share
from linkage_engine.disclosure.statistics.outcomes import bands, has_room, judged
from linkage_engine.disclosure.threshold import may_be_told


def population(exact: Exact, _: PlannedMeasure) -> Figures:
    """People: at least the threshold."""
    return Figures(
        Statistic.POPULATION,
        None,
        numbers=exact.populations,
        people=tuple(cell.population for cell in exact.table.cells),
        allowed=exact.populations_safe,
    )


def count(exact: Exact, measure: PlannedMeasure) -> Figures:
    """People in a part: they, and where the policy says so those who are not, at least the threshold."""
    assert measure.part is not None  # ABOUT says so
    counts = exact.counts(measure.part)
    found = judged(exact, counts, is_ordinary=measure.is_ordinary)
    return Figures(
        Statistic.COUNT,
        measure.part,
        numbers=counts,
        people=in_part(exact, measure.part),
        allowed=found.allowed & exact.parts_safe(measure.part),
        bands=found.bands,
    )


def events(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Events: at least the threshold, and so are the people they happened to.

    In a population too small for both sides that would say that most had one: there it is not told.
    """
    part = measure.part
    assert part is not None  # ABOUT says so
    happened = np.array([cell.events[part] for cell in exact.table.cells], dtype=np.int64)
    open_to = exact.populations_safe & has_room(exact.populations, exact.policy)
    enough = may_be_told(exact.counts(part), exact.policy) & may_be_told(happened, exact.policy)
    return Figures(
        Statistic.EVENTS,
        part,
        numbers=happened,
        people=in_part(exact, part),
        allowed=open_to & enough,
        bands=bands(exact.policy, low=open_to & ~enough, high=np.zeros_like(enough)),
    )


def in_part(exact: Exact, part: str | None) -> tuple[Persons, ...]:
    """The people of each cell in a part, or all of them."""
    return tuple(cell.population if part is None else cell.parts[part] for cell in exact.table.cells)


def _limit(side: int) -> Callable[[float, float], float]:
    def percent(counted: float, people: float) -> float:
        return round(100 * wilson(counted, people)[side], 1)

    return percent


_LOWER, _UPPER = 0, 1
_PARTS = (Statistic.COUNT, Statistic.POPULATION)

SHARES: Mapping[Statistic, Computed] = {
    Statistic.PERCENT: Computed(_PARTS, lambda x, n: share(x, n, per=100, decimals=1)),
    Statistic.PER_100_000: Computed(_PARTS, lambda x, n: share(x, n, per=100_000, decimals=0)),
    Statistic.PERCENT_LOWER: Computed(_PARTS, _limit(_LOWER)),
    Statistic.PERCENT_UPPER: Computed(_PARTS, _limit(_UPPER)),
}
"""Shares of told people, and Wilson's limits."""
