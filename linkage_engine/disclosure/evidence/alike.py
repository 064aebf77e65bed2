"""Counts that were told of the same people before, or nearly, and differ by few: they can be subtracted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.evidence.archive import Archive, ToldCell, ToldCount
from linkage_engine.disclosure.evidence.here import Count, Here
from linkage_engine.disclosure.history.sets import PersonSets


@dataclass(frozen=True, eq=False)
class Alike:
    """A count of a cell and a told one of an earlier cell, and how many people are in one of them alone."""

    number: int
    count: Count
    cell: ToldCell
    measure: str
    differ: int


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two counts of nearly the same size: only who is counted says whether they are alike."""

    number: int
    count: Count
    cell: ToldCell
    measure: str
    told: ToldCount


def alike_counts(
    here: Here, cells: Iterable[tuple[int, ToldCell]], archive: Archive, *, fewer_than: int, tables: int
) -> tuple[list[Alike], int]:
    """The counts that differ by 1 to `fewer_than` - 1 people, told ones and the nearest first.

    `cells` are earlier cells about the people of one of ours, or nearly, each with the number of ours. Who
    was counted is looked up in so many tables at most, the newest; the second figure is how many were left.
    """
    by_table: dict[int, list[_Pair]] = defaultdict(list)
    for pair in _pairs(here, cells, fewer_than):
        by_table[pair.cell.table].append(pair)
    newest = sorted(by_table, reverse=True)
    found = [
        each
        for table in newest[:tables]
        for each in _compared(by_table[table], archive.people(table, _numbers(by_table[table])), fewer_than)
    ]
    found.sort(key=lambda each: (not each.count.told, each.differ))
    return found, len(newest[tables:])


def _pairs(here: Here, cells: Iterable[tuple[int, ToldCell]], fewer_than: int) -> Iterator[_Pair]:
    for number, cell in cells:
        for count in here.counts(number):
            for measure, told in cell.counts.items():
                if abs(told.size - count.people.size) < fewer_than and told.sha256 != _sha256(count):
                    yield _Pair(number, count, cell, measure, told)


def _sha256(count: Count) -> str:
    return PersonSets.of([count.people]).digests[0].hex()


def _numbers(pairs: list[_Pair]) -> set[int]:
    return {pair.told.number for pair in pairs}


def _compared(pairs: list[_Pair], people: Mapping[int, np.ndarray], fewer_than: int) -> Iterator[Alike]:
    for pair in pairs:
        differ = np.setxor1d(pair.count.people, people[pair.told.number], assume_unique=True).size
        if differ < fewer_than:
            yield Alike(pair.number, pair.count, pair.cell, pair.measure, int(differ))
