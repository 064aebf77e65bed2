"""Sets that differ by few people: between a table and everything told before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.history.sets import Flags, Numbers, PersonSets

BLOCK_SETS = 500


@dataclass(frozen=True)
class Near:
    """Two sets, by their places, and how many people are in one and not in the other."""

    here: int
    there: int
    here_only: int
    there_only: int

    @property
    def differ(self) -> int:
        """People who are in one of them alone."""
        return self.here_only + self.there_only


def near_sets(here: PersonSets, there: PersonSets, *, fewer_than: int) -> Iterator[Near]:
    """Every pair of sets with somebody in both that differ by 1 to `fewer_than` - 1 people.

    Only sets of nearly the same size are compared.
    """
    for begin in range(0, len(here), BLOCK_SETS):
        numbers = np.arange(begin, min(begin + BLOCK_SETS, len(here)), dtype=np.int64)
        places = _of_like_size(here.sizes[numbers], there.sizes, fewer_than)
        yield from _near(here, numbers, there, places, fewer_than)


def _of_like_size(sizes: Numbers, among: Numbers, fewer_than: int) -> Numbers:
    """The places of the sets whose size is near to any of these."""
    order = np.argsort(among, kind="stable")
    wanted: Flags = np.zeros(among.size, dtype=np.bool_)
    for size in np.unique(sizes):
        first, last = np.searchsorted(among[order], [size - fewer_than + 1, size + fewer_than])
        wanted[order[first:last]] = True
    return np.flatnonzero(wanted)


def _near(
    here: PersonSets, numbers: Numbers, there: PersonSets, places: Numbers, fewer_than: int
) -> Iterator[Near]:
    rows, others = here.take(numbers), there.take(places)
    persons = max(rows.least_persons, others.least_persons)
    shared = (rows.matrix(persons) @ others.matrix(persons).T).tocoo()
    common = np.rint(shared.data).astype(np.int64)
    here_only, there_only = rows.sizes[shared.row] - common, others.sizes[shared.col] - common
    differ = here_only + there_only
    at = np.flatnonzero((differ > 0) & (differ < fewer_than))
    columns = (numbers[shared.row[at]], places[shared.col[at]], here_only[at], there_only[at])
    for pair in zip(*(column.tolist() for column in columns), strict=True):
        yield Near(*pair)
