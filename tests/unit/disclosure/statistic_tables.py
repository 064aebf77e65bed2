"""Exact tables of one statistic for tests, from plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, PlannedMeasure, Statistic
from linkage_engine.disclosure.before import before_control
from linkage_engine.disclosure.cells import Estimate, ExactCell, ExactTable, Fit
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE, some

Told = float | CellStatus


def measure(
    statistic: Statistic,
    part: str | None = None,
    variable: str | None = None,
    at: int | None = None,
    competing: str | None = None,
) -> PlannedMeasure:
    """A measure of whatever is named."""
    return PlannedMeasure(
        name=statistic.value,
        title="A number",
        unit="units",
        statistic=statistic,
        part=part,
        variable=variable,
        at=at,
        competing=competing,
    )


def of_cells(*cells: ExactCell, measures: Sequence[PlannedMeasure], fit: Fit | None = None) -> ExactTable:
    """A table of cells over one dimension."""
    return ExactTable("Numbers", "made_up", ("sex",), tuple(measures), cells, fit=fit)


def told(table: ExactTable, policy: Policy = DEFAULT, row: int = 0) -> list[Told]:
    """What control tells of a row."""
    values = control(table, policy, provenance=PROVENANCE).rows[row].values
    return [each.status if each.value is None else each.value for each in values]


def exactly(table: ExactTable) -> tuple[float | None, ...]:
    """What checkers see of the first row."""
    return before_control(table)[0]


MEANS = (
    measure(Statistic.POPULATION),
    measure(Statistic.MEAN, variable="cost"),
    measure(Statistic.SD, variable="cost"),
    measure(Statistic.SUM, variable="cost"),
)
COST_OF = (
    measure(Statistic.POPULATION),
    measure(Statistic.COUNT, "ill"),
    measure(Statistic.MEAN, "ill", "cost"),
    measure(Statistic.SD, "ill", "cost"),
    measure(Statistic.SUM, "ill", "cost"),
)


def costs(values: Sequence[int]) -> ExactTable:
    """One cell of people with a cost each."""
    cell = ExactCell(("Total",), some(len(values)), {}, values={"cost": np.array(values, dtype=np.int64)})
    return of_cells(cell, measures=MEANS)


def costs_of_ill(population: int, values: Sequence[int]) -> ExactTable:
    """The first of so many people are ill and have a cost; the others have none."""
    everybody = np.zeros(population, dtype=np.int64)
    everybody[: len(values)] = values
    cell = ExactCell(("Total",), some(population), {"ill": some(len(values))}, values={"cost": everybody})
    return of_cells(cell, measures=COST_OF)


def quantiles(values: Sequence[int], *centiles: int) -> ExactTable:
    """Centiles of everybody's score."""
    cell = ExactCell(("Total",), some(len(values)), {}, values={"score": np.array(values, dtype=np.int64)})
    return of_cells(cell, measures=[measure(Statistic.QUANTILE, variable="score", at=at) for at in centiles])


RATES = (
    measure(Statistic.EVENTS, "fell"),
    measure(Statistic.PERSON_YEARS, variable="days"),
    measure(Statistic.RATE, "fell", "days"),
    measure(Statistic.RATE_LOWER, "fell", "days"),
    measure(Statistic.RATE_UPPER, "fell", "days"),
)


def falls(people: int, fallen: int, events: int, days: int | Sequence[int]) -> ExactTable:
    """So many people, so many of whom fell so often, each followed so many days."""
    followed = np.broadcast_to(np.array(days, dtype=np.int64), people).copy()
    cell = ExactCell(
        ("Total",), some(people), {"fell": some(fallen)}, {"fell": events}, values={"days": followed}
    )
    return of_cells(cell, measures=RATES)


def curve(
    days: Sequence[int], died: Sequence[int], other: Sequence[int] = (), *, at: int, competing: bool = False
) -> ExactTable:
    """People's last days, who of them died then and whom something else prevented from dying of it."""
    rival = "moved" if competing else None
    measures = [
        measure(Statistic.AT_RISK, "died", "days", at, rival),
        measure(Statistic.SURVIVAL, "died", "days", at),
        measure(Statistic.INCIDENCE, "died", "days", at, rival),
    ]
    parts = {"died": np.array(sorted(died), dtype=np.int32)}
    if competing:
        parts["moved"] = np.array(sorted(other), dtype=np.int32)
    cell = ExactCell(("Total",), some(len(days)), parts, values={"days": np.array(days, dtype=np.int64)})
    return of_cells(cell, measures=measures)


MODEL = (
    measure(Statistic.ESTIMATE, variable="log_odds"),
    measure(Statistic.STANDARD_ERROR, variable="log_odds"),
    measure(Statistic.ESTIMATE_LOWER, variable="log_odds"),
    measure(Statistic.ESTIMATE_UPPER, variable="log_odds"),
)


def a_model(
    levels: Sequence[int] = (400, 600),
    *,
    fit: Fit | None = None,
    value: float = 0.123456,
    standard_error: float = 0.0567891,
) -> ExactTable:
    """A coefficient for each level of one factor."""
    estimate = Estimate(value, standard_error)
    cells = (
        ExactCell((f"Level {place}",), some(people), {}, estimates={"log_odds": estimate})
        for place, people in enumerate(levels)
    )
    return of_cells(*cells, measures=MODEL, fit=fit or Fit(records=1000, coefficients=3, patterns=8))
