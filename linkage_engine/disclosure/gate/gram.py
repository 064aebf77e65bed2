"""How many people any two sets share, counted by kinds of people instead of one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.history.sets import Floats, PersonSets

KINDS = 512
"""The most kinds of people that a bundle tells apart; one set alone makes two."""


@dataclass(frozen=True, eq=False)
class _Bundle:
    """Neighbouring sets, and people by kinds: people of a kind are in the same of these sets.

    kind: of each person; sets: which kinds each set is made of, 0 and 1; place: of the sets among all.
    """

    kind: npt.NDArray[np.int32]
    sets: Floats
    place: slice


def gram(sets: PersonSets, persons: int) -> Floats:
    """Sizes of the intersections of all sets.

    A table and its margins tell few kinds of people apart. Counting how many are of each two kinds, once for
    two bundles of sets, takes a tenth of the time of a product of sets by people, in which
    everybody is in very many sets.
    """
    found = np.empty((len(sets), len(sets)), order="F")
    bundles = list(_bundles(sets, persons))
    for number, one in enumerate(bundles):
        begins = one.kind.astype(np.int64) * KINDS
        count = one.sets.shape[1] * KINDS
        for other in bundles[: number + 1]:
            both = np.bincount(begins + other.kind, minlength=count).reshape(-1, KINDS)
            shared = one.sets @ both[:, : other.sets.shape[1]].astype(np.float64) @ other.sets.T
            found[one.place, other.place] = shared
            found[other.place, one.place] = shared.T
    return found


def _bundles(sets: PersonSets, persons: int) -> Iterator[_Bundle]:
    """The sets in their order, as many in each bundle as tell at most `KINDS` apart."""
    begin = 0
    kind, sizes = _everybody(persons)
    for number in range(len(sets)):
        people = sets[number]
        inside = np.bincount(kind[people], minlength=sizes.size)
        splits = np.flatnonzero((inside > 0) & (inside < sizes))
        if sizes.size + splits.size > KINDS:
            yield _bundle(sets, kind, sizes.size, slice(begin, number))
            begin = number
            kind, sizes = _everybody(persons)
            inside = np.array([people.size])
            splits = np.flatnonzero((inside > 0) & (inside < sizes))
        finer = np.arange(sizes.size, dtype=np.int32)
        finer[splits] = sizes.size + np.arange(splits.size)
        kind[people] = finer[kind[people]]
        sizes = np.concatenate([sizes, inside[splits]])
        sizes[splits] -= inside[splits]
    yield _bundle(sets, kind, sizes.size, slice(begin, len(sets)))


def _everybody(persons: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """All people of one kind."""
    return np.zeros(persons, dtype=np.int32), np.array([persons], dtype=np.int64)


def _bundle(sets: PersonSets, kind: npt.NDArray[np.int32], kinds: int, place: slice) -> _Bundle:
    somebody = np.zeros(kinds, dtype=np.int64)
    somebody[kind] = np.arange(kind.size)
    numbers = np.arange(place.start, place.stop, dtype=np.int64)
    return _Bundle(kind, sets.take(numbers).matrix(kind.size)[:, somebody].toarray(), place)
