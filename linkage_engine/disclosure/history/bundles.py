"""Neighbouring sets together, with people counted by kinds instead of one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets

KINDS = 512
"""The most kinds of people that a bundle tells apart; one set alone makes two."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """Some sets, and people by kinds: people of a kind are in the same of these sets.

    kind: of each person; sets: which kinds each set is made of, 0 and 1. A table and its margins tell few
    kinds of people apart, so that a bundle is far smaller than its sets.
    """

    kind: npt.NDArray[np.int16]
    sets: sparse.csr_array

    def __len__(self) -> int:
        return int(self.sets.shape[0])

    def __repr__(self) -> str:
        return "Bundle(withheld)"

    def only(self, places: npt.NDArray[np.intp]) -> Bundle:
        """The bundle with these of its sets alone."""
        return replace(self, sets=self.sets[places])

    def shared(self, other: Bundle) -> Floats:
        """How many people each set shares with each set of another bundle.

        Counting how many are of each two kinds, once for all sets, takes a fraction of the time of a
        product of sets by people, in which everybody is in very many sets.
        """
        mine, theirs = self.sets.shape[1], other.sets.shape[1]
        both = np.bincount(self.kind.astype(np.int64) * theirs + other.kind, minlength=mine * theirs)
        found: Floats = (other.sets @ (self.sets @ both.reshape(mine, theirs)).T).T
        return found

    def sums(self, values: Floats) -> Floats:
        """For each set the sums over its people of values per person, a column each."""
        everybody = np.arange(self.kind.size + 1)
        shape = (self.sets.shape[1], self.kind.size)
        kinds = sparse.csc_array((np.ones(self.kind.size), self.kind, everybody), shape=shape)
        found: Floats = self.sets @ (kinds @ values)
        return found

    def spread(self, weights: Floats) -> Floats:
        """For each person the sums of the weights of the sets that they are in."""
        found: Floats = (self.sets.T @ weights)[self.kind]
        return found


def bundles(sets: PersonSets, numbers: Numbers, persons: int) -> Iterator[Bundle]:
    """The sets of these numbers in their order, as many in each bundle as tell at most `KINDS` apart."""
    begin = 0
    kind, sizes = _everybody(persons)
    for place, number in enumerate(numbers.tolist()):
        people = sets[number]
        inside = np.bincount(kind[people], minlength=sizes.size)
        splits = np.flatnonzero((inside > 0) & (inside < sizes))
        if sizes.size + splits.size > KINDS:
            yield _bundle(sets.take(numbers[begin:place]), kind, sizes.size)
            begin = place
            kind, sizes = _everybody(persons)
            inside = np.array([people.size])
            splits = np.flatnonzero((inside > 0) & (inside < sizes))
        finer = np.arange(sizes.size, dtype=np.int16)
        finer[splits] = sizes.size + np.arange(splits.size)
        kind[people] = finer[kind[people]]
        sizes = np.concatenate([sizes, inside[splits]])
        sizes[splits] -= inside[splits]
    yield _bundle(sets.take(numbers[begin:]), kind, sizes.size)


def _everybody(persons: int) -> tuple[npt.NDArray[np.int16], Numbers]:
    """All people of one kind."""
    return np.zeros(persons, dtype=np.int16), np.array([persons], dtype=np.int64)


def _bundle(sets: PersonSets, kind: npt.NDArray[np.int16], kinds: int) -> Bundle:
    somebody = np.zeros(kinds, dtype=np.int64)
    somebody[kind] = np.arange(kind.size)
    return Bundle(kind, sets.matrix(kind.size)[:, somebody].tocsr())
