"""A factor of everything published, made anew, and random vectors in the null space of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from linkage_engine.disclosure.gate.gram import gram
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


def null_space(published: PersonSets, vectors: Floats) -> NullSpace:
    """What remains of random vectors orthogonal to every published set.

    The Gram matrix of the distinct sets is factorised with pivoting (LAPACK pstrf), which also gives the
    rank. The residual is taken over all sets, those that were set aside as following from others too.
    """
    sets = published.take(_distinct(published))
    rows = sets.matrix(vectors.shape[0])
    if rows.shape[0] == 0:
        return NullSpace(vectors, rank=0, residual=0.0)
    factor, order, rank, _ = lapack.dpstrf(gram(sets, vectors.shape[0]), tol=PIVOT, lower=1, overwrite_a=1)
    lower = np.asfortranarray(factor[:rank, :rank])
    del factor
    independent = rows[order[:rank] - 1]
    for _ in range(1 + REFINEMENTS):
        half = linalg.solve_triangular(lower, independent @ vectors, lower=True, check_finite=False)
        weights = linalg.solve_triangular(lower, half, lower=True, trans="T", check_finite=False)
        vectors = vectors - independent.T @ weights
    return NullSpace(vectors, rank=int(rank), residual=float(np.abs(rows @ vectors).max()))


def _distinct(sets: PersonSets) -> Numbers:
    """One of each set that has anybody in it."""
    first = {
        digest: number for number, digest in reversed(list(enumerate(sets.digests))) if len(sets[number])
    }
    return np.array(sorted(first.values()), dtype=np.int64)
