"""Whole numbers with discrete Laplace noise, drawn by OpenDP: its only importer."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import QueryRefused, RefusalCode

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Noisy:
    """Counts with noise, and the scale of it."""

    counts: Counts
    scale: float

    @property
    def standard_deviation(self) -> float:
        """Of the noise of each count."""
        ratio = exp(-1 / self.scale)
        return sqrt(2 * ratio) / (1 - ratio)


def check_available() -> None:
    """`QueryRefused(MECHANISM_NOT_AVAILABLE)` where OpenDP is not installed."""
    _measurement(contributions=1, epsilon=1.0)


def noisy(counts: Counts, *, contributions: int, epsilon: float) -> Noisy:
    """Every count with noise of its own, so that the whole is differentially private.

    Adding or removing one person changes `contributions` of the counts by one at most; the loss is
    at most `epsilon` by OpenDP's own map. Noise and sums are whole numbers throughout, of 64 bits, from the
    system's random numbers (Ghosh, Roughgarden and Sundararajan, SIAM Journal on Computing 41, 2012).
    """
    measurement, scale = _measurement(contributions=contributions, epsilon=epsilon)
    return Noisy(np.array(measurement(counts.tolist()), dtype=np.int64), scale)


def _measurement(*, contributions: int, epsilon: float) -> tuple[Any, float]:
    """OpenDP's mechanism and its scale, loaded where a policy asks for noise and nowhere else."""
    try:
        # Not its prelude: it loads what data-frame libraries there are, and a sandbox refuses what some do.
        from opendp import domains, measurements, metrics, mod  # noqa: PLC0415  # an extra
    except ImportError:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE) from None
    mod.enable_features("contrib")
    space = domains.vector_domain(domains.atom_domain(T="i64")), metrics.l1_distance(T="i64")
    scale = mod.binary_search_param(
        lambda scale: space >> measurements.then_laplace(scale=scale),
        d_in=contributions,
        d_out=epsilon,
        T=float,
    )
    return space >> measurements.then_laplace(scale=scale), float(scale)
