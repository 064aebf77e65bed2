"""The numbers from before control: for the sealed evidence of output checkers, never for release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from statistics import stdev

from linkage_engine.contract.controlled_table import ControlledValue, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Tally, values_of
from linkage_engine.disclosure.primary.survival import Point, exact_point
from linkage_engine.disclosure.reference import Rates, exact_rates, expected
from linkage_engine.disclosure.statistics.computed import Key, key_of
from linkage_engine.disclosure.statistics.quantiles import centile_of
from linkage_engine.disclosure.statistics.rates import DAYS_A_YEAR, days_in_view
from linkage_engine.disclosure.statistics.registry import COMPUTED, TOLD
from linkage_engine.disclosure.statistics.survival import course_of
from linkage_engine.disclosure.statistics.values import on_its_scale

Figures = tuple[float | None, ...]
"""For each measure its number; nothing where there is none."""


def before_control(table: ExactTable) -> tuple[Figures, ...]:
    """For each cell the measures as they would be if nothing were withheld, merged or rounded."""
    rates: dict[str | None, Rates] = {}
    if table.reference is not None:
        rates = {part: exact_rates(table.reference, part) for part in table.reference.events}
    return tuple(_figures(table.measures, cell, rates) for cell in table.cells)


def _figures(
    measures: tuple[PlannedMeasure, ...], cell: ExactCell, rates: Mapping[str | None, Rates]
) -> Figures:
    exact: dict[Key, float | None] = {
        key_of(each.statistic, each): _exact(each, cell, rates) for each in measures if each.statistic in TOLD
    }

    def figure(measure: PlannedMeasure) -> float | None:
        if measure.statistic in TOLD:
            return exact[key_of(measure.statistic, measure)]
        rule = COMPUTED[measure.statistic]
        return rule.value(*(ControlledValue(value=exact[source]) for source in rule.sources(measure))).value

    return tuple(map(figure, measures))


def _exact(measure: PlannedMeasure, cell: ExactCell, rates: Mapping[str | None, Rates]) -> float | None:
    if measure.statistic is Statistic.EXPECTED:
        return expected(cell.days, rates[measure.part])
    return OF_A_CELL[measure.statistic](measure, cell)


def _values(measure: PlannedMeasure, cell: ExactCell) -> Tally:
    return cell.values_in(values_of(measure), measure.part)


def _mean(measure: PlannedMeasure, cell: ExactCell) -> float | None:
    values = _values(measure, cell)
    return on_its_scale(measure, float(values.mean())) if values.size else None


def _deviation(measure: PlannedMeasure, cell: ExactCell) -> float | None:
    values = _values(measure, cell).tolist()
    return on_its_scale(measure, float(stdev(values))) if len(values) > 1 else None


def _quantile(measure: PlannedMeasure, cell: ExactCell) -> float | None:
    assert measure.at is not None  # ABOUT says so
    values = _values(measure, cell)
    return float(centile_of(values, Fraction(measure.at, 100))) if values.size else None


def _at_risk(measure: PlannedMeasure, cell: ExactCell) -> float:
    assert measure.at is not None  # ABOUT says so
    return int(course_of(cell, measure).in_view(measure.at).sum())


def _point(measure: PlannedMeasure, cell: ExactCell) -> Point | None:
    """The curve of single days, up to the day asked; nothing of nobody."""
    assert measure.at is not None  # ABOUT says so
    return exact_point(course_of(cell, measure), until=measure.at) if cell.population.size else None


def _surviving(measure: PlannedMeasure, cell: ExactCell) -> float | None:
    point = _point(measure, cell)
    return None if point is None else round(100 * point.surviving, 1)


def _incidence(measure: PlannedMeasure, cell: ExactCell) -> float | None:
    point = _point(measure, cell)
    return None if point is None else round(100 * point.incidence, 1)


OF_A_CELL: Mapping[Statistic, Callable[[PlannedMeasure, ExactCell], float | None]] = {
    Statistic.POPULATION: lambda _, cell: cell.population.size,
    Statistic.COUNT: lambda measure, cell: cell.parts[measure.part or ""].size,
    Statistic.EVENTS: lambda measure, cell: cell.events[measure.part or ""],
    Statistic.PERSON_YEARS: lambda measure, cell: days_in_view(measure, cell) / DAYS_A_YEAR,
    Statistic.MEAN: _mean,
    Statistic.SD: _deviation,
    Statistic.EXPECTED_MEAN: _mean,
    Statistic.QUANTILE: _quantile,
    Statistic.AT_RISK: _at_risk,
    Statistic.SURVIVAL: _surviving,
    Statistic.INCIDENCE: _incidence,
    Statistic.ESTIMATE: lambda measure, cell: cell.estimates[measure.variable or ""].value,
    Statistic.STANDARD_ERROR: lambda measure, cell: cell.estimates[measure.variable or ""].standard_error,
}
"""What is in the cell, statistic by statistic; expected events need the rates besides."""
