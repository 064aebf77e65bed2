"""What control is given: exact cells with the sets of people behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import OF_MODELS, PlannedMeasure, Statistic, norms_of
from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
"""Sorted numbers of a project's own numbering, each once."""

Tally = npt.NDArray[np.int64]
"""Whole numbers, one for each stratum of a reference or for each person of a population."""


@dataclass(frozen=True)
class Estimate:
    """A coefficient of a model with its standard error; one that is no number is refused.

    `NotTrusted(HAND_OVER_INVALID)`, as is a standard error below 0.
    """

    value: float
    standard_error: float

    def __post_init__(self) -> None:
        if not (isfinite(self.value) and isfinite(self.standard_error) and self.standard_error >= 0):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "Estimate(withheld)"


@dataclass(frozen=True)
class Fit:
    """How a model was fitted: to how many people, with how many coefficients, intercept included.

    Patterns are the different rows of its covariates: a model with as many coefficients gives each its
    own mean. No people, no coefficient, no pattern or more patterns than people are
    `NotTrusted(HAND_OVER_INVALID)`.
    """

    records: int
    coefficients: int
    patterns: int

    def __post_init__(self) -> None:
        if min(self.coefficients, self.patterns) < 1 or self.patterns > self.records:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "Fit(withheld)"


@dataclass(frozen=True, eq=False)
class ExactCell:
    """One cell: whom it is about, which of them are in each part, and whether anybody can be.

    Events happened to the people of the part of their name; days are the population's time at
    risk in each stratum of the reference. Values of a variable are whole numbers from 0 up in the finest
    unit that it is recorded in, one for each person of the population in the same order; estimates are
    coefficients of a model for the people at one level. Not sorted sets, a part that is none of the
    population, events to nobody or people without any, values of another number, and negative ones are
    `NotTrusted(HAND_OVER_INVALID)`.
    """

    labels: tuple[str, ...]
    population: Persons
    parts: Mapping[str, Persons]
    events: Mapping[str, int] = field(default_factory=dict)
    days: Tally = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    applicable: bool = True
    values: Mapping[str, Tally] = field(default_factory=dict)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sets = (self.population, *self.parts.values())
        if not all(_is_set(s) for s in sets) or not all(map(self._holds, self.parts.values())):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        people = {name: part.size for name, part in self.parts.items()}
        if not self.events.keys() <= people.keys() or (self.days < 0).any():
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if any(n < people[name] or bool(n) != bool(people[name]) for name, n in self.events.items()):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if not all(map(self._has_one_each, self.values.values())):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def values_in(self, variable: str, part: str | None) -> Tally:
        """The values of the people in a part, or of all of them."""
        values = self.values[variable]
        return (
            values if part is None else values[np.isin(self.population, self.parts[part], assume_unique=True)]
        )

    def _has_one_each(self, values: Tally) -> bool:
        fits = values.dtype == np.int64 and values.shape == self.population.shape
        return bool(fits and (values >= 0).all())

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

    Labels that do not fit the dimensions or stand twice, a measure without its part, variable or
    estimate, days without their reference and estimates without their model are
    `NotTrusted(HAND_OVER_INVALID)`.
    """

    title: str
    template: str
    dimensions: tuple[str, ...]
    measures: tuple[PlannedMeasure, ...]
    cells: tuple[ExactCell, ...]
    reference: Reference | None = None
    fit: Fit | None = None

    def __post_init__(self) -> None:
        labels = {cell.labels for cell in self.cells}
        if len(labels) != len(self.cells) or any(len(each) != len(self.dimensions) for each in labels):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
        if not all(self._fits(cell) for cell in self.cells) or not self._referred() or not self._fitted():
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def _fits(self, cell: ExactCell) -> bool:
        """Whether a cell has what the measures need."""
        named = ((m.part, m.competing, m.besides, m.third, m.within) for m in self.measures)
        parts = {part for parts in named for part in parts} - {None}
        strata = 0 if self.reference is None else self.reference.persons.size
        return (
            cell.parts.keys() == parts
            and cell.events.keys() == {each.part for each in self._of(Statistic.EVENTS)}
            and cell.days.size == strata
            and cell.values.keys() == self._variables(of_models=False)
            and cell.estimates.keys() == self._variables(of_models=True)
        )

    def _referred(self) -> bool:
        events = set() if self.reference is None else self.reference.events.keys()
        return events == {each.part for each in self._of(Statistic.EXPECTED)}

    def _fitted(self) -> bool:
        """Whether there is a model where one is told of, to no fewer people than any of its levels has."""
        if self.fit is None:
            return not self._of(*OF_MODELS)
        largest = max((cell.population.size for cell in self.cells), default=0)
        return bool(self._of(*OF_MODELS)) and largest <= self.fit.records

    def _variables(self, *, of_models: bool) -> set[str]:
        named = (m for m in self.measures if (m.statistic in OF_MODELS) is of_models)
        return {values_of(measure) for measure in named if measure.variable is not None}

    def _of(self, *statistics: Statistic) -> list[PlannedMeasure]:
        return [measure for measure in self.measures if measure.statistic in statistics]

    def __repr__(self) -> str:
        return "ExactTable(withheld)"


def values_of(measure: PlannedMeasure) -> str:
    """Under which name cells have a measure's values: its variable's, or that variable's norms."""
    variable = measure.variable or ""
    return norms_of(variable) if measure.statistic is Statistic.EXPECTED_MEAN else variable


def _is_set(persons: Persons) -> bool:
    return persons.ndim == 1 and persons.dtype == np.int32 and bool((persons[1:] > persons[:-1]).all())
