"""All pairs of published sets: the small differences and intersections that could be computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from linkage_engine.disclosure.history.sets import Flags, Floats, Numbers, Persons, PersonSets

BLOCK_CELLS = 250


def small_differences(published: PersonSets, rest: Floats, *, threshold: int, nothing: float) -> PersonSets:
    """What two sets share, or one has beyond the other, where it is few people and could be computed.

    Few are 1 to threshold - 1. `rest` are null-space vectors, so that the three parts of a pair add up to
    nothing together or not at all. Sets that several pairs make stand once.
    """
    found = {people.tobytes(): people for people in _found(published, rest, threshold, nothing)}
    return PersonSets.of(found[each] for each in sorted(found))


def _found(published: PersonSets, rest: Floats, threshold: int, nothing: float) -> Iterator[Persons]:
    """One product a block: how many people two sets share, and the first vector's sum over them."""
    persons = rest.shape[0]
    rows = published.matrix(persons)
    across = rows.T.tocsr()
    sizes = published.sizes
    for begin in range(0, len(published), BLOCK_CELLS):
        block = rows[begin : begin + BLOCK_CELLS].astype(np.complex128)
        block.data *= 1.0 + 1.0j * rest[block.indices, 0]
        shared = (block @ across).tocoo()
        a, b = shared.row + begin, shared.col
        common = np.rint(shared.data.real).astype(np.int64)
        small = (common < threshold) | _few(sizes[a] - common, threshold) | _few(sizes[b] - common, threshold)
        near = np.flatnonzero(small & (a < b) & (np.abs(shared.data.imag) < nothing))
        for first, second in zip(a[near].tolist(), b[near].tolist(), strict=True):
            yield from _parts(published[first], published[second], rest, threshold, nothing)


def _few(counts: Numbers, threshold: int) -> Flags:
    return (counts > 0) & (counts < threshold)


def _parts(a: Persons, b: Persons, rest: Floats, threshold: int, nothing: float) -> Iterator[Persons]:
    """The small ones among the three parts, if every vector adds up to nothing over them."""
    for people in (np.intersect1d(a, b, assume_unique=True), np.setdiff1d(a, b), np.setdiff1d(b, a)):
        if 0 < people.size < threshold and (np.abs(rest[people].sum(axis=0)) < nothing).all():
            yield people.astype(np.int32)
