"""A factor of everything published, made anew, and random vectors in the null space of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg
from scipy.linalg import lapack

from linkage_engine.disclosure.history.bundles import Bundle, bundles
from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets

PIVOT = 1e-6
"""What is left of a set, squared, under which it is taken to follow from others: the residual tells."""
REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class NullSpace:
    """Random vectors, one number a person, that add up to 0 over every published set.

    residual is the largest sum over a published set, which rounding alone should leave.
    """

    vectors: Floats
    rank: int
    residual: float

    def __repr__(self) -> str:
        return "NullSpace(withheld)"


@dataclass(frozen=True, eq=False)
class _Rows:
    """Independent sets of one bundle as rows of a lower triangular factor of what all rows share.

    across: under the rows before them; corner: under themselves, lower triangular; place: among all rows.
    """

    sets: Bundle
    across: Floats
    corner: Floats
    place: slice


def null_space(published: PersonSets, vectors: Floats) -> NullSpace:
    """What remains of random vectors orthogonal to every published set.

    The residual is taken over all sets, those that were set aside as following from others too.
    """
    distinct = _distinct(published)
    if distinct.size == 0:
        return NullSpace(vectors, rank=0, residual=0.0)
    everything = list(bundles(published, distinct, vectors.shape[0]))
    factor = _factor(everything)
    for _ in range(1 + REFINEMENTS):
        vectors = _projected(factor, vectors)
    residual = max(float(np.abs(each.sums(vectors)).max()) for each in everything)
    return NullSpace(vectors, rank=factor[-1].place.stop, residual=residual)


def _factor(everything: Sequence[Bundle]) -> list[_Rows]:
    """Cholesky's factor, bundle by bundle, of the independent sets among them.

    Which sets of a bundle do not follow from the bundles before and from one another is found with
    pivoting (LAPACK pstrf) in what those leave of it.
    """
    factor: list[_Rows] = []
    rank = 0
    for bundle in everything:
        own = bundle.only(_pivoted(bundle.shared(bundle))[1])
        across = np.empty((len(own), rank))
        for rows in factor:
            rest = own.shared(rows.sets) - across[:, : rows.place.start] @ rows.across.T
            across[:, rows.place] = _solved(rows.corner, rest.T).T
        corner, kept = _pivoted(own.shared(own) - across @ across.T)
        place = slice(rank, rank + kept.size)
        factor.append(_Rows(own.only(kept), across[kept], corner, place))
        rank = place.stop
    return factor


def _pivoted(shared: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The factor of the rows that do not follow from others, and which they are."""
    factor, order, rank, _ = lapack.dpstrf(shared, tol=PIVOT, lower=1)
    return np.tril(factor[:rank, :rank]), np.asarray(order[:rank], dtype=np.intp) - 1


def _projected(factor: Sequence[_Rows], vectors: Floats) -> Floats:
    """Vectors without their part in the span of the rows, as far as rounding lets it be taken out."""
    weights = np.empty((factor[-1].place.stop, vectors.shape[1]))
    for rows in factor:
        rest = rows.sets.sums(vectors) - rows.across @ weights[: rows.place.start]
        weights[rows.place] = _solved(rows.corner, rest)
    found = vectors.copy()
    for rows in reversed(factor):
        weights[rows.place] = _solved(rows.corner, weights[rows.place], trans="T")
        weights[: rows.place.start] -= rows.across.T @ weights[rows.place]
        found -= rows.sets.spread(weights[rows.place])
    return found


def _solved(corner: Floats, right: Floats, trans: str = "N") -> Floats:
    solved: Floats = linalg.solve_triangular(corner, right, lower=True, trans=trans, check_finite=False)
    return solved


def _distinct(sets: PersonSets) -> Numbers:
    """One of each set that has anybody in it."""
    first = {
        digest: number for number, digest in reversed(list(enumerate(sets.digests))) if len(sets[number])
    }
    return np.array(sorted(first.values()), dtype=np.int64)
