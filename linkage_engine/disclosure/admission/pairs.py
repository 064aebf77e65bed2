"""The small differences and intersections of new cells with each other and with everything published.

Pairs are many (100 tables have some forty million), the distinct small sets among them few: each is
found by a fingerprint that adds up over its people, and listed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets, no_sets

Fingerprints = npt.NDArray[np.uint64]

BLOCK_VALUES = 4_000_000
"""How many numbers a block of work may have."""
LEAST = 2
WEIGHT_BITS = 32
"""Of a person in a fingerprint: sums over a million people stay exact in floating point."""


@dataclass(frozen=True, eq=False)
class _Found:
    """Small sets, unlisted: the people of one set who are, or are not, in another."""

    fingerprints: Fingerprints
    base: Numbers
    other: Numbers
    is_common: npt.NDArray[np.bool_]

    @classmethod
    def all_of(cls, pieces: list[_Found]) -> _Found:
        return cls(
            np.concatenate([each.fingerprints for each in pieces]),
            np.concatenate([each.base for each in pieces]),
            np.concatenate([each.other for each in pieces]),
            np.concatenate([each.is_common for each in pieces]),
        )

    def at(self, places: Numbers) -> _Found:
        return _Found(
            self.fingerprints[places], self.base[places], self.other[places], self.is_common[places]
        )


def small_pair_sets(
    published: PersonSets, cells: PersonSets, *, watched: PersonSets, threshold: int, persons: int
) -> PersonSets:
    """What any cell shares with another cell or a published set, or has beyond it, or lacks of it.

    Sets of 2 to threshold - 1 people, once each, and none that is watched already. Single people are
    not among them: everybody is tested.
    """
    if len(cells) == 0:
        return no_sets()
    everything = published.joined(cells)
    weights = scattered(persons)
    found = _Found.all_of(list(_pieces(everything, cells, weights, threshold)))
    _, first = np.unique(found.fingerprints, return_index=True)
    known = _mixed(watched.sums(weights))
    first = first[~np.isin(found.fingerprints[first], known)]
    found = found.at(first)
    # One other set after the other, so that what is looked up lies near what was looked up before.
    return _listed(everything, found.at(np.lexsort((found.fingerprints, found.other))), persons)


def scattered(persons: int) -> Floats:
    """Two numbers of `WEIGHT_BITS` bits for each person, by number alone (the finaliser of SplitMix64)."""
    state = np.arange(1, 2 * persons + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((state ^ (state >> np.uint64(31))) >> np.uint64(64 - WEIGHT_BITS)).astype(float).reshape(-1, 2)


def _mixed(sums: Floats) -> Fingerprints:
    """One number of the two sums of a set."""
    whole = np.rint(sums).astype(np.uint64)
    mixed: Fingerprints = whole[..., 0] * np.uint64(0x9E3779B97F4A7C15) + whole[..., 1]
    return mixed


def _pieces(everything: PersonSets, cells: PersonSets, weights: Floats, threshold: int) -> Iterator[_Found]:
    """The small sets of every pair, a block of sets at a time against all cells.

    People whom no cell tells apart are counted together: a block is sets by such kinds of people,
    and cells are sums of kinds.
    """
    persons, count = weights.shape[0], len(everything)
    kinds, sums = _kinds(cells, persons)
    width = max(sums.shape[1], len(cells))
    measures = np.column_stack([np.ones(persons), weights])
    totals = everything.sums(measures)
    of_cells = totals[count - len(cells) :]
    step = max(1, BLOCK_VALUES // width)
    for begin in range(0, count, step):
        rows = np.arange(begin, min(begin + step, count), dtype=np.int64)
        block = everything.take(rows)
        places = block.rows * sums.shape[1] + kinds[block.members]
        summed = (
            np.bincount(places, values, sums.shape[1] * len(block)) for values in _values(block, weights)
        )
        both = np.stack([(sums @ each.reshape(len(block), -1).T).T for each in summed], axis=-1)
        yield from _small(rows, both, totals[rows], of_cells, threshold, count - len(cells))


def _kinds(cells: PersonSets, persons: int) -> tuple[Numbers, sparse.csr_array]:
    """For each person the number of their kind, and which kinds make up each cell."""
    marks = fingerprints(cells, persons)
    _, first, kinds = np.unique(marks, return_index=True, return_inverse=True)
    return kinds.astype(np.int64), cells.matrix(persons)[:, first].tocsr()


def fingerprints(sets: PersonSets, persons: int) -> Fingerprints:
    """For each person a number: the same for those who are in the same sets."""
    return _mixed(sets.matrix(persons).T @ scattered(len(sets)))


def _values(block: PersonSets, weights: Floats) -> Iterator[Floats | None]:
    """For each member of each set what is added up: nothing, to count; then both parts of a fingerprint."""
    yield None
    for values in np.ascontiguousarray(weights.T):
        yield values[block.members]


def _small(
    rows: Numbers, both: Floats, of_rows: Floats, of_cells: Floats, threshold: int, first_cell: int
) -> Iterator[_Found]:
    """The pairs of a block with a small part: in both, in the row's set alone, in the cell alone.

    What both share is looked for in the smaller one.
    """
    smaller = of_rows[:, None, 0] < of_cells[None, :, 0]
    parts = (
        (both, True, smaller),
        (of_rows[:, None] - both, False, np.ones_like(smaller)),
        (of_cells[None] - both, False, np.zeros_like(smaller)),
    )
    for part, is_common, is_row_base in parts:
        row, cell = np.nonzero((part[..., 0] >= LEAST) & (part[..., 0] < threshold))
        of_row = is_row_base[row, cell]
        base = np.where(of_row, rows[row], cell + first_cell)
        other = np.where(of_row, cell + first_cell, rows[row])
        fingerprints = _mixed(part[row, cell, 1:])
        yield _Found(fingerprints, base, other, np.full(row.size, is_common))


def _listed(everything: PersonSets, found: _Found, persons: int) -> PersonSets:
    """The people of each small set, one other set after the other."""
    is_other = np.zeros(persons, dtype=np.bool_)
    edges = [0, *(np.flatnonzero(np.diff(found.other)) + 1).tolist(), found.other.size]
    pieces = [(no_sets().starts, no_sets().members)]
    for begin, end in pairwise(edges) if found.other.size else ():
        other = everything[found.other[begin]]
        is_other[other] = True
        base = everything.take(found.base[begin:end])
        stays = is_other[base.members] == np.repeat(found.is_common[begin:end], base.sizes)
        pieces.append((np.bincount(base.rows[stays], minlength=len(base)), base.members[stays]))
        is_other[other] = False
    sizes, members = (np.concatenate(each) for each in zip(*pieces, strict=True))
    return PersonSets(np.cumsum(sizes), members)
