"""Funnels: percentages of areas against how many people they are of, with limits of what chance does."""

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

AREA = Breakdown.AREA.value
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
    """A funnel for each percentage of a table by area whose total is shown; areas not shown are left out."""
    if AREA not in released.table.dimensions:
        return
    people = next((each.name for each in planned if each.statistic is Statistic.POPULATION), None)
    rows = rows_along(released, AREA)
    whole = next((row for row in released.table.rows if set(row.labels) == {TOTAL}), None)
    for measure in planned:
        if measure.statistic is Statistic.PERCENT and whole is not None and people is not None:
            overall = _figures(released, whole)[measure.name].value
            if overall is not None:
                marks = tuple(_marks(released, rows, (people, measure.name), overall))
                if marks:
                    yield _chart(measure, marks, overall)


def _marks(
    released: Released,
    rows: tuple[tuple[str, ControlledRow], ...],
    names: tuple[str, str],
    overall: float,
) -> Iterator[Mark]:
    for label, row in rows:
        figures = _figures(released, row)
        size, value = figures[names[0]], figures[names[1]]
        if size.value and value.value is not None:
            low, high = limits(overall, size.value, Z_998)
            yield Mark(label, value, Figure(low, f"{low:.1f}"), Figure(high, f"{high:.1f}"), size=size)


def _chart(measure: Measure, marks: tuple[Mark, ...], overall: float) -> Chart:
    return Chart(
        name=f"funnel-{measure.name}".replace("_", "-"),
        title=f"{measure.title}, by {heading(AREA).lower()} and how many people it has",
        form=Form.FUNNEL,
        along=heading(AREA),
        value_title=measure.title,
        comparator_title=None,
        marks=marks,
        line=overall,
    )


def _figures(released: Released, row: ControlledRow) -> Mapping[str, Figure]:
    numbers = zip(released.table.measures, row.values, strict=True)
    return {m.name: Figure(value.value, in_digits(value, m)) for m, value in numbers}
