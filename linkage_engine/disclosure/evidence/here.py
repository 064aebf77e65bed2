"""The new table as a look back sees it: cells that are large enough, and the counts of people in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, Statistic
from linkage_engine.disclosure.cells import ExactTable, Persons
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.release import Decided
from linkage_engine.disclosure.threshold import may_be_told


@dataclass(frozen=True, eq=False)
class Count:
    """People who are counted in a cell, and whether the table tells how many."""

    measure: str
    people: Persons
    told: bool


@dataclass(frozen=True, eq=False)
class Here:
    """A decided table with its exact cells; `places` are those whose size may be told."""

    exact: ExactTable
    decided: Decided
    places: tuple[int, ...]

    def __repr__(self) -> str:
        return "Here(withheld)"

    @cached_property
    def populations(self) -> PersonSets:
        """Who is in each of these cells."""
        return PersonSets.of(self.exact.cells[place].population for place in self.places)

    @cached_property
    def sha256(self) -> tuple[str, ...]:
        """The digests of their populations, in hexadecimal."""
        return tuple(each.hex() for each in self.populations.digests)

    @property
    def withheld(self) -> list[int]:
        """Those that are hidden by history, by their numbers among `places`."""
        hidden = frozenset(self.decided.withheld)
        return [number for number, place in enumerate(self.places) if place in hidden]

    @property
    def largest(self) -> Persons | None:
        """The largest population that the table tells."""
        told = [self.populations[number] for number in range(len(self.places)) if self.tells(number)]
        return max(told, key=lambda people: people.size, default=None)

    def labels(self, number: int) -> tuple[str, ...]:
        """The labels of one of these cells."""
        return self.exact.cells[self.places[number]].labels

    def tells(self, number: int) -> bool:
        """Whether anything is told of one of these cells."""
        values = self.decided.table.rows[self.places[number]].values
        return any(value.status is CellStatus.SHOWN for value in values)

    def counts(self, number: int) -> Iterator[Count]:
        """The counts of people in one of these cells."""
        place = self.places[number]
        cell, row = self.exact.cells[place], self.decided.table.rows[place]
        for measure, value in zip(self.exact.measures, row.values, strict=True):
            if measure.statistic is Statistic.COUNT and measure.part is not None:
                told = value.status is CellStatus.SHOWN
                yield Count(measure.name, cell.parts[measure.part], told)


def here(exact: ExactTable, decided: Decided, policy: Policy) -> Here:
    """The new table, as it was decided."""
    sizes = np.array([cell.population.size for cell in exact.cells], dtype=np.int64)
    large = may_be_told(sizes, policy) & (sizes > 0)
    places = (place for place in np.flatnonzero(large).tolist() if exact.cells[place].applicable)
    return Here(exact, decided, tuple(places))
