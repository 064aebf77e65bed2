"""Counts that were told of the same people before and differ by few: which are found, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from linkage_engine.disclosure.cells import Persons
from linkage_engine.disclosure.evidence.alike import alike_counts
from linkage_engine.disclosure.evidence.archive import TableAsked, ToldCell, ToldCount
from linkage_engine.disclosure.evidence.here import Here, here
from tests.property.disclosure_history.histories import sets_of
from tests.unit.disclosure.people import decided
from tests.unit.disclosure.tables import DEFAULT, a_cell, a_table


@dataclass
class Told:
    """An archive of tables of one count each, by the table's place; it keeps what it was asked for."""

    sets: Mapping[int, range]
    looked_up: list[int] = field(default_factory=list)

    @property
    def releases(self) -> Sequence[str]:
        raise NotImplementedError

    def cells(self, sha256: Collection[str]) -> Sequence[ToldCell]:
        raise NotImplementedError

    def people(self, table: int, numbers: Collection[int]) -> Mapping[int, Persons]:
        self.looked_up.append(table)
        return {number: np.array(self.sets[table], dtype=np.int32) for number in numbers}

    def largest(self, table: int) -> str | None:
        raise NotImplementedError

    def asked(self, table: int) -> TableAsked:
        raise NotImplementedError

    def told(self) -> list[tuple[int, ToldCell]]:
        """Each as a cell about the people of our first cell."""
        return [
            (0, ToldCell(table, "", "", {"cases": ToldCount(len(people), 0, sha256(people))}))
            for table, people in self.sets.items()
        ]


def sha256(people: range) -> str:
    return sets_of([people]).digests[0].hex()


@pytest.fixture
def ours() -> Here:
    """One cell of 50 cases, persons 0 to 49, among 100 people."""
    exact = a_table(a_cell(50, 100))
    assert exact.cells[0].parts[exact.measures[0].part or ""].tolist() == list(range(50))
    return here(exact, decided(exact, policy=DEFAULT), DEFAULT)


def test_counts_are_alike_up_to_one_person_less_than_the_limit(ours: Here) -> None:
    archive = Told(
        {1: range(9, 50), 2: range(10, 50), 3: range(59), 4: range(60), 5: range(5, 54), 6: range(5, 55)}
    )
    found, left = alike_counts(ours, archive.told(), archive, fewer_than=10, tables=20)
    assert sorted((each.cell.table, each.differ) for each in found) == [(1, 9), (3, 9), (5, 9)]
    assert left == 0


def test_the_same_people_are_no_difference_and_are_not_looked_up(ours: Here) -> None:
    archive = Told({1: range(50)})
    assert alike_counts(ours, archive.told(), archive, fewer_than=10, tables=20) == ([], 0)
    assert archive.looked_up == []


def test_the_nearest_come_first_and_the_newest_tables_are_looked_up(ours: Here) -> None:
    archive = Told({1: range(51), 2: range(45), 3: range(48), 4: range(47)})
    found, left = alike_counts(ours, archive.told(), archive, fewer_than=10, tables=3)
    assert [(each.cell.table, each.differ) for each in found] == [(3, 2), (4, 3), (2, 5)]
    assert (archive.looked_up, left) == ([4, 3, 2], 1)


def test_counts_that_are_told_come_before_hidden_ones() -> None:
    exact = a_table(a_cell(3, 100), a_cell(50, 100, "A"))
    both = here(exact, decided(exact, policy=DEFAULT), DEFAULT)
    archive = Told({1: range(2), 2: range(45)})
    cells = [(number, cell) for number in (0, 1) for _, cell in archive.told()]
    found, _ = alike_counts(both, cells, archive, fewer_than=10, tables=20)
    assert [(each.count.told, each.differ) for each in found] == [(True, 5), (False, 1)]
