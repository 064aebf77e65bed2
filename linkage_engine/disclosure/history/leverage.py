"""The leverage budget: how much of a person's outcome the released numbers together give away on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from linkage_engine.disclosure.history.bundles import Bundle, bundles
from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets, first_of_each

OUTCOME_VARIANCE = 0.25
"""Of one yes or no about which nothing is known."""
ROUNDING_VARIANCE = 3.0
"""Of the error of midpoint-6."""
SAMPLES = 64
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
    if persons == 0 or known.size == 0:
        return Leverage(0.0, 0.0)
    told, variance = list(bundles(published, known, persons)), 1 / precision[known]
    factor, failed = lapack.dpotrf(_observed(told, variance), lower=1, overwrite_a=1)
    if failed:
        return Leverage(1.0, 1.0)
    outcome = generator.standard_normal((persons, SAMPLES)) * np.sqrt(OUTCOME_VARIANCE)
    error = generator.standard_normal((known.size, SAMPLES)) * np.sqrt(variance)[:, None]
    released = np.concatenate([each.sums(outcome) for each in told]) + error
    learnt = OUTCOME_VARIANCE * _spread(told, linalg.cho_solve((factor, True), released))
    # E r^2 is 1/4 as well: whoever is in no set comes to 0 exactly, whatever was drawn.
    shares = (outcome**2 - (outcome - learnt) ** 2).mean(axis=1) / OUTCOME_VARIANCE
    top = -(-persons // 100)
    alone = _spread(told, OUTCOME_VARIANCE / (OUTCOME_VARIANCE * published.sizes[known] + variance)[:, None])
    likely = [np.argsort(-each, kind="stable")[: LOOKED_AT * top] for each in (shares, alone[:, 0])]
    exact = np.sort(_exactly(told, factor, np.unique(np.concatenate(likely))))[-top:]
    return Leverage(mean=float(shares.mean()), top1=float(exact.mean()))


def _observed(told: Sequence[Bundle], variance: Floats) -> Floats:
    """The covariance of what is released, 1/4 PP' + V; its lower triangle."""
    covariance = np.zeros((variance.size, variance.size), order="F")
    edges = np.cumsum([0, *map(len, told)])
    for later, sets in enumerate(told):
        for earlier, others in enumerate(told[: later + 1]):
            block = np.s_[edges[later] : edges[later + 1], edges[earlier] : edges[earlier + 1]]
            covariance[block] = OUTCOME_VARIANCE * sets.shared(others)
    covariance[np.diag_indices(variance.size)] += variance
    return covariance


def _spread(told: Sequence[Bundle], weights: Floats) -> Floats:
    """For each person the sums of the weights of all sets that they are in."""
    edges = np.cumsum([0, *map(len, told)])[1:-1]
    parts = zip(told, np.split(weights, edges), strict=True)
    return sum((sets.spread(part) for sets, part in parts), start=np.zeros(1))


def _exactly(told: Sequence[Bundle], factor: Floats, whom: Numbers) -> Floats:
    """The share learnt of these people, without sampling."""
    inside = np.vstack([each.sets.toarray()[:, each.kind[whom]] for each in told])
    half = linalg.solve_triangular(factor, inside, lower=True, check_finite=False)
    shares: Floats = OUTCOME_VARIANCE * (half**2).sum(axis=0)
    return shares
