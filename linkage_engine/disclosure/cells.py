"""What control is given: exact cells with the sets of people behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import PlannedMeasure, Statistic
from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
"""Sorted numbers of a project's own numbering, each once."""

Tally = npt.NDArray[np.int64]
"""Whole numbers, one for each stratum of a reference."""


@dataclass(frozen=True, eq=False)
class ExactCell:
    """One cell: whom it is about, which of them are in each part, and whether anybody can be.

    Events happened to the people of the part of their name; days are the population's time at
    risk in each stratum of the reference. Not sorted sets, a part that is none of the population,
    events to nobody or people without any, and negative days are `NotTrusted(HAND_OVER_INVALID)`.
    """

    labels: tuple[str, ...]
    population: Persons
    parts: Mapping[str, Persons]
    events: Mapping[str, int] = field(default_factory=dict)
    days: Tally = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    applicable: bool = True

    def __post_init__(self) -> None:
        sets = (self.population, *self.parts.values())
        if not all(_is_set(s) for s in sets) or not all(map(self._holds, self.parts.values())):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        people = {name: part.size for name, part in self.parts.items()}
        if not self.events.keys() <= people.keys() or (self.days < 0).any():
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if any(n < people[name] or bool(n) != bool(people[name]) for name, n in self.events.items()):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def _holds(self, part: Persons) -> bool:
        return bool(np.isin(part, self.population, assume_unique=True).all())

    def __repr__(self) -> str:
        return "ExactCell(withheld)"


@dataclass(frozen=True, eq=False)
class Reference:
    """Those compared with, in strata of sex and age: people, their days at risk, what happened to them.

    Strata of one sex stand together, from young to old, and every sex has the same ages. Each
    person counts in the stratum of the first day at risk alone. Tallies of another length or below
    nothing are `NotTrusted(HAND_OVER_INVALID)`.
    """

    sexes: int
    persons: Tally
    days: Tally
    events: Mapping[str, Tally]

    def __post_init__(self) -> None:
        tallies = (self.persons, self.days, *self.events.values())
        lengths = {tally.size for tally in tallies}
        if len(lengths) != 1 or self.sexes < 1 or self.persons.size % self.sexes:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if any((tally < 0).any() for tally in tallies):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "Reference(withheld)"


@dataclass(frozen=True, eq=False)
class ExactTable:
    """All cells of one answer, margins among them, and the measures to make of them.

    Labels that do not fit the dimensions or stand twice, a measure without its part and days
    without their reference are `NotTrusted(HAND_OVER_INVALID)`.
    """

    title: str
    template: str
    dimensions: tuple[str, ...]
    measures: tuple[PlannedMeasure, ...]
    cells: tuple[ExactCell, ...]
    reference: Reference | None = None

    def __post_init__(self) -> None:
        labels = {cell.labels for cell in self.cells}
        if len(labels) != len(self.cells) or any(len(each) != len(self.dimensions) for each in labels):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if not all(self._fits(cell) for cell in self.cells) or not self._referred():
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def _fits(self, cell: ExactCell) -> bool:
        """Whether a cell has what the measures need."""
        parts = {measure.part for measure in self.measures} - {None}
        strata = 0 if self.reference is None else self.reference.persons.size
        return (
            cell.parts.keys() == parts
            and cell.events.keys() == self._of(Statistic.EVENTS)
            and cell.days.size == strata
        )

    def _referred(self) -> bool:
        events = set() if self.reference is None else self.reference.events.keys()
        return events == self._of(Statistic.EXPECTED)

    def _of(self, statistic: Statistic) -> set[str | None]:
        return {measure.part for measure in self.measures if measure.statistic is statistic}

    def __repr__(self) -> str:
        return "ExactTable(withheld)"


def _is_set(persons: Persons) -> bool:
    return persons.ndim == 1 and persons.dtype == np.int32 and bool((persons[1:] > persons[:-1]).all())
