"""How one count is perturbed: as evenly as its mean, its variance and its bounds leave open."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def deviations(count: int, *, max_deviation: int, never_shown: int) -> Numbers:
    """What may be added to a count of at least one, ascending.

    No result is negative, none is one of 1 to `never_shown`, none is further away than `max_deviation`.
    """
    every = np.arange(-max_deviation, max_deviation + 1, dtype=np.int64)
    results = count + every
    allowed: Numbers = every[(results == 0) | (results > never_shown)]
    return allowed


def can_vary(allowed: Numbers, variance: float) -> bool:
    """Whether deviations of mean zero can have the variance, none of them with probability zero.

    The smallest comes from the two nearest to zero on either side, the largest from the two ends (Bhatia
    and Davis, American Mathematical Monthly 107, 2000); everything between is a mixture of both.
    """
    below, above = allowed[allowed <= 0], allowed[allowed >= 0]
    if not below.size or not above.size:
        return False
    least, most = -below[-1] * above[0], -below[0] * above[-1]
    return bool(least < variance < most)


def most_even(allowed: Numbers, variance: float) -> Shares:
    """The probabilities of largest entropy with mean zero and this variance, which `can_vary` allows.

    Marley and Leaver, A Method for Confidentialising User-Defined Tables (58th World Statistics Congress,
    2011); Giessing, Computational Issues in the Design of Transition Probabilities (Privacy in Statistical
    Databases 2016). Such probabilities are proportional to exp(a v + b v^2); a and b minimise the
    convex dual, of which the gradient are the two constraints.
    """
    moments = np.stack([allowed, allowed**2]).astype(np.float64)
    wanted = np.array([0.0, variance])

    def dual(at: Shares) -> tuple[float, Shares]:
        return float(logsumexp(at @ moments) - at @ wanted), moments @ softmax(at @ moments) - wanted

    def curvature(at: Shares) -> Shares:
        shares = softmax(at @ moments)
        mean = moments @ shares
        return np.asarray((moments * shares) @ moments.T - np.outer(mean, mean))

    found = minimize(
        dual, np.zeros(2), jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-12}
    )
    return np.asarray(softmax(found.x @ moments))
