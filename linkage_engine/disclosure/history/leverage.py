"""The leverage budget: how much of a person's outcome the released numbers together give away on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.linalg import lapack

from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets, first_of_each

OUTCOME_VARIANCE = 0.25
"""Of one yes or no about which nothing is known."""
ROUNDING_VARIANCE = 3.0
"""Of the error of midpoint-6."""
SAMPLES = 64
BLOCK_CELLS = 1_000
LOOKED_AT = 3
"""For each person of the top share so many are computed exactly: chance only says who they may be."""


@dataclass(frozen=True)
class Budget:
    """The most that may be learnable, as a share of the outcome's variance; policy `history`."""

    mean: float = 0.10
    top1: float = 0.50


@dataclass(frozen=True)
class Leverage:
    """The share of a person's outcome that is learnable: mean over all, and mean of the top 1 %."""

    mean: float
    top1: float

    def is_over(self, budget: Budget) -> bool:
        """Whether a person has to look at it; what is no number is over."""
        return not (self.mean <= budget.mean and self.top1 <= budget.top1)


def leverage(
    published: PersonSets, *, persons: int, generator: np.random.Generator, precision: Floats | None = None
) -> Leverage:
    """What rounded counts of one outcome over published sets would say about each of `persons`.

    `precision` is for each set the inverse of the variance of what is known of its count: m counts with
    midpoint-6 that mean nearly the same are one with m / 3. Without it every distinct set was told once.
    Samples z = r - 1/4 P'(1/4 PP' + V)^-1 (P r + e), V the variances, are what is left of an outcome r once
    P r + e is known; 1 - E z_i^2 / (1/4) is the share learnt of person i. It depends on the sets alone.
    Nobody at all is Leverage(0, 0); sets that cannot be factored count as everything learnt.
    """
    if precision is None:
        published = published.take(first_of_each(published))
        precision = np.full(len(published), 1 / ROUNDING_VARIANCE)
    known = np.flatnonzero(precision)
    rows, variance = published.take(known).matrix(persons), 1 / precision[known]
    if persons == 0 or rows.shape[0] == 0:
        return Leverage(0.0, 0.0)
    factor, failed = lapack.dpotrf(_observed(rows, variance), lower=1, overwrite_a=1)
    if failed:
        return Leverage(1.0, 1.0)
    outcome = generator.standard_normal((persons, SAMPLES)) * np.sqrt(OUTCOME_VARIANCE)
    error = generator.standard_normal((rows.shape[0], SAMPLES)) * np.sqrt(variance)[:, None]
    learnt = OUTCOME_VARIANCE * (rows.T @ linalg.cho_solve((factor, True), rows @ outcome + error))
    # E r^2 is 1/4 as well: whoever is in no set comes to 0 exactly, whatever was drawn.
    shares = (outcome**2 - (outcome - learnt) ** 2).mean(axis=1) / OUTCOME_VARIANCE
    top = -(-persons // 100)
    likely = (
        np.argsort(-each, kind="stable")[: LOOKED_AT * top] for each in (shares, _one_by_one(rows, variance))
    )
    suspects = np.unique(np.concatenate(list(likely)))
    exact = np.sort(_exactly(rows, factor, suspects))[-top:]
    return Leverage(mean=float(shares.mean()), top1=float(exact.mean()))


def _observed(rows: sparse.csr_array, variance: Floats) -> Floats:
    """The covariance of what is released, 1/4 PP' + V; its lower triangle."""
    count = rows.shape[0]
    covariance = np.zeros((count, count), order="F")
    across = rows.astype(np.float32).T.tocsr()  # numbers of people: exact far beyond 200,000
    for begin in range(0, count, BLOCK_CELLS):
        part = slice(begin, begin + BLOCK_CELLS)
        shared = rows[part].astype(np.float32) @ across[:, begin:]
        covariance[begin:, part] = OUTCOME_VARIANCE * shared.toarray().T
    covariance[np.diag_indices(count)] += variance
    return covariance


def _one_by_one(rows: sparse.csr_array, variance: Floats) -> Floats:
    """What the sets would tell of each person if each stood alone, added up."""
    sizes = np.diff(rows.indptr)
    told: Floats = rows.T @ (OUTCOME_VARIANCE / (OUTCOME_VARIANCE * sizes + variance))
    return told


def _exactly(rows: sparse.csr_array, factor: Floats, whom: Numbers) -> Floats:
    """The share learnt of these people, without sampling."""
    told = rows[:, whom].toarray()
    half = linalg.solve_triangular(factor, told, lower=True, check_finite=False)
    shares: Floats = OUTCOME_VARIANCE * (half**2).sum(axis=0)
    return shares
