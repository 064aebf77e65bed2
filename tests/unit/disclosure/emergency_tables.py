"""Exact tables of emergency care for tests, from numbers alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage_engine.catalogue.analysis_templates import around_diagnosis_template
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Reference
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE, some

KIND = "emergency_admission"
MEASURES = around_diagnosis_template("emergency_15m").measures_of({KIND})
NAMES = tuple(measure.name.removeprefix(f"{KIND}_") for measure in MEASURES)
Figures = dict[str, float | CellStatus]


def tally(numbers: Sequence[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def a_reference(
    persons: Sequence[int] = (5000, 5000),
    events: Sequence[int] = (1000, 2000),
    days: Sequence[int] = (1_000_000, 1_000_000),
    *,
    sexes: int = 1,
) -> Reference:
    """By default a thousand and two thousand events a million days at two ages of one sex."""
    return Reference(sexes, tally(persons), tally(days), {KIND: tally(events)})


def a_cell(
    cases: int,
    persons: int,
    events: int,
    days: Sequence[int] = (10_000, 10_000),
    label: str = "Total",
    *,
    applicable: bool = True,
) -> ExactCell:
    """So many cases, to so many of whom so many events happened in so many days."""
    return ExactCell((label,), some(cases), {KIND: some(persons)}, {KIND: events}, tally(days), applicable)


def a_table(*cells: ExactCell, reference: Reference | None = None) -> ExactTable:
    """A table of cells over one dimension."""
    return ExactTable("Care", "emergency_15m", ("sex",), MEASURES, cells, reference or a_reference())


def controlled(
    *cells: ExactCell, reference: Reference | None = None, policy: Policy = DEFAULT
) -> ControlledTable:
    """Cells after control."""
    return control(a_table(*cells, reference=reference), policy, provenance=PROVENANCE)


def figures(table: ControlledTable, row: int = 0) -> Figures:
    """A row by the names of its measures: numbers, and statuses in place of those withheld."""
    return {
        name: value.status if value.value is None else value.value
        for name, value in zip(NAMES, table.rows[row].values, strict=True)
    }
