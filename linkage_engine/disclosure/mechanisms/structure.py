"""How the numbers of people of a table hang together: every number as a sum of kinds of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, product
from typing import NamedTuple

import numpy as np
from scipy import sparse

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.protector.table import Numbers


class Number(NamedTuple):
    """One number of people of a cell: its population, those of it in a part, or the rest of it."""

    place: int
    part: str | None = None
    is_rest: bool = False


def people_of(cell: ExactCell, number: Number) -> Persons:
    """Who is counted."""
    if number.part is None:
        return cell.population
    if number.is_rest:
        return np.setdiff1d(cell.population, cell.parts[number.part], assume_unique=True)
    return cell.parts[number.part]


def parts_of(table: ExactTable) -> tuple[str, ...]:
    """The parts that every cell of a table has."""
    return tuple(dict.fromkeys(each.part for each in table.measures if each.part is not None))


@dataclass(frozen=True, eq=False)
class Structure:
    """Nodes by kinds of people, how many people each kind has, and which node each number is.

    A kind is the people who are counted in the same numbers. Margins need not be sums of their cells: who is
    in two tumour groups is of another kind than who is in one. Beside the kinds that occur are those that
    anybody would think of, nobody being of them perhaps: one cell that is no margin, and any of the parts.
    Not more: whoever knows which other kinds occur can rule out no more tables than these. Numbers of the
    same kinds are one node.
    """

    rows: sparse.csr_array
    kinds: Numbers
    node: Mapping[Number, int]


def structure_of(table: ExactTable) -> Structure:
    """The structure of a table's numbers, from who is in them and from the labels."""
    return _Builder(table).structure()


class _Builder:
    def __init__(self, table: ExactTable) -> None:
        self._table = table
        self._parts = parts_of(table)
        self._places = {cell.labels: place for place, cell in enumerate(table.cells)}
        names = [(None, False), *((part, is_rest) for part in self._parts for is_rest in (False, True))]
        self._numbers = [Number(place, *name) for place in range(len(table.cells)) for name in names]
        self._index = {number: at for at, number in enumerate(self._numbers)}

    def structure(self) -> Structure:
        kinds = Counter(self._observed())
        kinds.update(dict.fromkeys(self._imaginable(), 0))
        members = [np.frombuffer(each, dtype=np.int64) for each in kinds]
        sizes = np.cumsum([0, *(each.size for each in members)])
        ones = np.ones(sizes[-1], dtype=np.int64)
        by_kind = sparse.csr_array(
            (ones, np.concatenate([_NO_NUMBERS, *members]), sizes), shape=(len(kinds), len(self._numbers))
        )
        rows, which = _merged(by_kind.T.tocsr())
        node = {number: which[at] for number, at in self._index.items()}
        return Structure(rows, np.array(list(kinds.values()), dtype=np.int64), node)

    def _observed(self) -> Iterator[bytes]:
        """For each person the numbers that count them."""
        sets = PersonSets.of(people_of(self._table.cells[each.place], each) for each in self._numbers)
        by_person = sets.matrix(sets.least_persons).T.tocsr()
        by_person.sort_indices()
        for person in np.unique(sets.members).tolist():
            first, last = by_person.indptr[person : person + 2]
            yield by_person.indices[first:last].astype(np.int64).tobytes()

    def _imaginable(self) -> Iterator[bytes]:
        """The kinds of one cell that is no margin, with some of the parts."""
        for cell in self._table.cells:
            if TOTAL in cell.labels or not cell.applicable:
                continue
            own = set(self._covering([(label, TOTAL) for label in cell.labels]))
            wide = self._covering(
                [
                    self._labels[at] if at in self._not_split else (label, TOTAL)
                    for at, label in enumerate(cell.labels)
                ]
            )
            for chosen in _some(self._parts):
                numbers = [Number(place) for place in wide]
                numbers += [
                    Number(place, part, part not in chosen or place not in own)
                    for place in wide
                    for part in self._parts
                ]
                yield np.array(sorted(self._index[each] for each in numbers), dtype=np.int64).tobytes()

    def _covering(self, labels: list[tuple[str, ...]]) -> list[int]:
        return [self._places[each] for each in product(*labels) if each in self._places]

    @cached_property
    def _labels(self) -> list[tuple[str, ...]]:
        """The labels of each dimension."""
        columns = zip(*(cell.labels for cell in self._table.cells), strict=True)
        return [tuple(dict.fromkeys(column)) for column in columns]

    @cached_property
    def _not_split(self) -> set[int]:
        """Dimensions whose every cell has the population of the total: only parts differ along them."""
        return {
            at
            for at in range(len(self._table.dimensions))
            if all(self._as_total(cell, at) for cell in self._table.cells)
        }

    def _as_total(self, cell: ExactCell, dimension: int) -> bool:
        place = self._places.get((*cell.labels[:dimension], TOTAL, *cell.labels[dimension + 1 :]))
        return place is not None and np.array_equal(self._table.cells[place].population, cell.population)


_NO_NUMBERS: Numbers = np.empty(0, dtype=np.int64)


def _some(parts: tuple[str, ...]) -> list[frozenset[str]]:
    """No part, each by itself, each two of them, all."""
    sizes = sorted({0, 1, 2, len(parts)})
    chosen = chain.from_iterable(combinations(parts, size) for size in sizes)
    return list(dict.fromkeys(map(frozenset, chosen)))


def _merged(rows: sparse.csr_array) -> tuple[sparse.csr_array, list[int]]:
    """One of each kind of row, and which one each row is."""
    rows.sort_indices()
    first: dict[bytes, int] = {}
    chosen: list[int] = []
    which: list[int] = []
    for at in range(rows.shape[0]):
        key = rows.indices[rows.indptr[at] : rows.indptr[at + 1]].tobytes()
        if key not in first:
            first[key] = len(chosen)
            chosen.append(at)
        which.append(first[key])
    return rows[chosen], which
