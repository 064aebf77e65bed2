"""The numbers from before control: for the sealed evidence of output checkers, never for release."""

from __future__ import annotations

from linkage_engine.contract.controlled_table import ControlledValue, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.reference import Rates, exact_rates, expected
from linkage_engine.disclosure.statistics import COMPUTED, TOLD

Figures = tuple[float | None, ...]
"""For each measure its number; nothing where there is none."""


def before_control(table: ExactTable) -> tuple[Figures, ...]:
    """For each cell the measures as they would be if nothing were withheld, merged or rounded."""
    rates: dict[str | None, Rates] = {}
    if table.reference is not None:
        rates = {part: exact_rates(table.reference, part) for part in table.reference.events}
    return tuple(_figures(table.measures, cell, rates) for cell in table.cells)


def _figures(
    measures: tuple[PlannedMeasure, ...], cell: ExactCell, rates: dict[str | None, Rates]
) -> Figures:
    exact = {
        (each.statistic, each.part): _exact(each, cell, rates) for each in measures if each.statistic in TOLD
    }

    def figure(measure: PlannedMeasure) -> float | None:
        if measure.statistic in TOLD:
            return exact[measure.statistic, measure.part]
        rule = COMPUTED[measure.statistic]
        second = None if rule.second is Statistic.POPULATION else measure.part
        first_value, second_value = exact[rule.first, measure.part], exact[rule.second, second]
        return rule.value(ControlledValue(value=first_value), ControlledValue(value=second_value)).value

    return tuple(map(figure, measures))


def _exact(measure: PlannedMeasure, cell: ExactCell, rates: dict[str | None, Rates]) -> float | None:
    if measure.part is None:
        return cell.population.size
    match measure.statistic:
        case Statistic.EXPECTED:
            return expected(cell.days, rates[measure.part])
        case Statistic.EVENTS:
            return cell.events[measure.part]
        case _:
            return cell.parts[measure.part].size
