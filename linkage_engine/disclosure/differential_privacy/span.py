"""In how many numbers of a table one person can be counted: from the question alone, never from data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from linkage_engine.contract.controlled_table import TOTAL, PlannedMeasure, Statistic
from linkage_engine.disclosure.cells import ExactTable


@dataclass(frozen=True)
class Structure:
    """What the catalogue says of a question's breakdowns."""

    one_label: frozenset[str]
    """Breakdowns in which a person has one label at most."""
    population_by: frozenset[str]
    """Breakdowns that divide the population; along the others it is the same people."""

    def divides(self, measure: PlannedMeasure, dimension: str) -> bool:
        """Whether a measure's people differ along a dimension."""
        return measure.statistic is not Statistic.POPULATION or dimension in self.population_by


def distinct_places(table: ExactTable, structure: Structure, measure: PlannedMeasure) -> tuple[int, ...]:
    """For each cell the place of the first about the same people by structure: its number is told there."""
    first: dict[tuple[str, ...], int] = {}
    places = []
    for place, cell in enumerate(table.cells):
        key = tuple(
            label if structure.divides(measure, dimension) else ""
            for dimension, label in zip(table.dimensions, cell.labels, strict=True)
        )
        places.append(first.setdefault(key, place))
    return tuple(places)


def contributions(
    table: ExactTable, structure: Structure, measures: Iterable[PlannedMeasure], *, most_labels: int
) -> int:
    """In how many numbers of these measures one person is counted at most: the sensitivity of all together.

    Along each dimension that divides a measure somebody is in the total and in one label, or in as many
    labels as there are and `most_labels` leaves.
    """
    labels = [
        {cell.labels[place] for cell in table.cells} - {TOTAL} for place in range(len(table.dimensions))
    ]
    return sum(
        prod(
            1 + min(len(labels[place]), 1 if dimension in structure.one_label else most_labels)
            for place, dimension in enumerate(table.dimensions)
            if structure.divides(measure, dimension)
        )
        for measure in measures
    )
