"""Funnels: percentages of places against how many people they are of, with limits of what chance does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt

from linkage_engine.contract.controlled_table import (
    TOTAL,
    ControlledRow,
    Measure,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.contract.query_spec import Breakdown
from service.publication.chart import Chart, Figure, Form, Mark
from service.publication.released import Released
from service.publication.words import heading, in_digits, rows_along

PLACES = (Breakdown.AREA.value, Breakdown.ORGANISATION.value)
Z_95, Z_998 = 1.959964, 3.090232
"""Standard normal deviates that 95 %, and 99.8 %, lie between the negative and positive of."""


def limits(percent: float, people: float, z: float) -> tuple[float, float]:
    """Between which percentages of so many people chance alone leaves those with the overall percentage.

    Outside, Wilson's interval of the percentage does not hold the overall one: |p - P| > z sqrt(P(1 - P) / n)
    (Wilson 1927; funnels after Spiegelhalter 2005). Kept within 0 and 100.
    """
    share = percent / 100
    reach = 100 * z * sqrt(share * (1 - share) / people)
    return max(0.0, percent - reach), min(100.0, percent + reach)


def funnels(released: Released, planned: tuple[PlannedMeasure, ...]) -> Iterator[Chart]:
    """A funnel for each percentage of a table by area or trust whose total is shown; others are left out."""
    place = next((each for each in PLACES if each in released.table.dimensions), None)
    whole = next((row for row in released.table.rows if set(row.labels) == {TOTAL}), None)
    if place is None or whole is None:
        return
    rows = rows_along(released, place)
    for measure in planned:
        people = _people_of(measure, planned)
        overall = _figures(released, whole)[measure.name].value if people else None
        if overall is not None:
            marks = tuple(_marks(released, rows, (people, measure.name), overall))
            if marks:
                yield _chart(place, measure, marks, overall)


def _people_of(measure: PlannedMeasure, planned: tuple[PlannedMeasure, ...]) -> tuple[str, ...]:
    """The measures that together count whom a percentage is of; none of what is no percentage."""
    counted = {
        each.part: each.name for each in planned if each.statistic in {Statistic.POPULATION, Statistic.COUNT}
    }
    of = {
        Statistic.PERCENT: (None,),
        Statistic.SHARE_OF_TWO: (measure.part, measure.besides),
        Statistic.SHARE_OF_PART: (measure.within,),
    }
    return tuple(counted[part] for part in of.get(measure.statistic, ()))


def _marks(
    released: Released,
    rows: tuple[tuple[str, ControlledRow], ...],
    names: tuple[tuple[str, ...], str],
    overall: float,
) -> Iterator[Mark]:
    for label, row in rows:
        figures = _figures(released, row)
        people, value = sum(figures[name].value or 0.0 for name in names[0]), figures[names[1]]
        if people and value.value is not None:
            low, high = limits(overall, people, Z_998)
            size = Figure(people, f"{people:,.0f}")
            yield Mark(label, value, Figure(low, f"{low:.1f}"), Figure(high, f"{high:.1f}"), size=size)


def _chart(place: str, measure: Measure, marks: tuple[Mark, ...], overall: float) -> Chart:
    return Chart(
        name=f"funnel-{measure.name}".replace("_", "-"),
        title=f"{measure.title}, by {heading(place).lower()} and how many people it has",
        form=Form.FUNNEL,
        along=heading(place),
        value_title=measure.title,
        comparator_title=None,
        marks=marks,
        line=overall,
    )


def _figures(released: Released, row: ControlledRow) -> Mapping[str, Figure]:
    numbers = zip(released.table.measures, row.values, strict=True)
    return {m.name: Figure(value.value, in_digits(value, m)) for m, value in numbers}
