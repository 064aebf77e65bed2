"""Curves: how many of the people an event has not happened to, or has, by a day; and who is still in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactCell
from linkage_engine.disclosure.figures import Exact, Figures
from linkage_engine.disclosure.primary.survival import Course, Point, course, points
from linkage_engine.disclosure.rounding import METHODS
from linkage_engine.disclosure.statistics.counts import in_part
from linkage_engine.disclosure.statistics.outcomes import BANDING, has_room, judged
from linkage_engine.disclosure.threshold import effective_threshold


def at_risk(exact: Exact, measure: PlannedMeasure) -> Figures:
    """People in view on the last day of the grid up to the day asked: told as a count of them is."""
    day = _on_grid(exact, measure)
    masks = [course_of(cell, measure).in_view(day) for cell in exact.table.cells]
    counts = np.array([mask.sum() for mask in masks], dtype=np.int64)
    found = judged(exact, counts)
    people = tuple(cell.population[mask] for cell, mask in zip(exact.table.cells, masks, strict=True))
    return Figures(
        Statistic.AT_RISK,
        measure.part,
        numbers=counts,
        people=people,
        allowed=found.allowed,
        bands=found.bands,
    )


def surviving(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Kaplan and Meier's percentage from the rounded steps of the curve, one decimal."""
    return _curve(exact, measure, lambda point: point.surviving, few=CellStatus.HIGH, many=CellStatus.LOW)


def incidence(exact: Exact, measure: PlannedMeasure) -> Figures:
    """Cumulative incidence (Aalen and Johansen) from the rounded steps of the curve, one decimal."""
    return _curve(exact, measure, lambda point: point.incidence, few=CellStatus.LOW, many=CellStatus.HIGH)


def _curve(
    exact: Exact,
    measure: PlannedMeasure,
    share: Callable[[Point], float],
    *,
    few: CellStatus,
    many: CellStatus,
) -> Figures:
    """The last point up to the day asked.

    Before the first step too few events have happened to tell; with nearly everybody's it tells their
    category; the curve ends where too few are in view.
    """
    open_to = exact.populations_safe & has_room(exact.populations, exact.policy)
    numbers = np.full(len(exact.table.cells), np.nan)
    stands = [CellStatus.CONFIDENTIAL] * len(numbers)
    largest = exact.policy.group_disclosure.max_category_share
    for place in np.flatnonzero(open_to).tolist():
        told, ends = _points(exact, exact.table.cells[place], measure)
        day = _on_grid(exact, measure)
        if day > ends:
            continue
        reached = [point for point in told if point.day <= day]
        if not reached:
            stands[place] = few
        elif reached[-1].incidence > largest:
            stands[place] = many
        else:
            numbers[place] = round(100 * share(reached[-1]), 1)
    has_bands = exact.policy.counts.mechanism == BANDING
    return Figures(
        measure.statistic,
        measure.part,
        numbers=numbers,
        people=in_part(exact, None),
        allowed=~np.isnan(numbers),
        bands=tuple(stands) if has_bands else (),
    )


def _points(exact: Exact, cell: ExactCell, measure: PlannedMeasure) -> tuple[tuple[Point, ...], int]:
    """The points of a cell's curve and the last day that they speak of."""
    policy = exact.policy
    at_least = effective_threshold(policy.threshold.persons, policy.counts.method)
    found = course(course_of(cell, measure), rule=policy.survival, at_least=at_least)
    return points(found.steps, METHODS[policy.counts.method]), found.ends


def course_of(cell: ExactCell, measure: PlannedMeasure) -> Course:
    """When everybody of a cell was last seen, and what happened then."""
    assert measure.variable is not None  # ABOUT says so
    assert measure.part is not None
    days, nobody = cell.values[measure.variable], np.zeros(cell.population.size, dtype=np.bool_)
    happened = np.isin(cell.population, cell.parts[measure.part], assume_unique=True)
    if measure.competing is None:
        return Course(days, happened, nobody)
    return Course(days, happened, np.isin(cell.population, cell.parts[measure.competing], assume_unique=True))


def _on_grid(exact: Exact, measure: PlannedMeasure) -> int:
    """The last day of the grid up to the day asked."""
    assert measure.at is not None  # ABOUT says so
    return measure.at - measure.at % exact.policy.survival.grid_days
