"""Whole numbers with discrete Laplace noise, drawn by OpenDP: its only importer."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from types import ModuleType

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
    _opendp()


def noisy(counts: Counts, *, contributions: int, epsilon: float) -> Noisy:
    """Every count with noise of its own, so that the whole is differentially private.

    Adding or removing one person changes `contributions` of the counts by one at most; the loss is
    at most `epsilon` by OpenDP's own map. Noise and sums are whole numbers throughout, of 64 bits, from the
    system's random numbers (Ghosh, Roughgarden and Sundararajan, SIAM Journal on Computing 41, 2012).
    """
    opendp = _opendp()
    space = opendp.vector_domain(opendp.atom_domain(T="i64")), opendp.l1_distance(T="i64")
    scale = opendp.binary_search_param(
        lambda scale: space >> opendp.m.then_laplace(scale=scale), d_in=contributions, d_out=epsilon, T=float
    )
    measurement = space >> opendp.m.then_laplace(scale=scale)
    return Noisy(np.array(measurement(counts.tolist()), dtype=np.int64), float(scale))


def _opendp() -> ModuleType:
    """The library, loaded where a policy asks for noise and nowhere else."""
    try:
        import opendp.prelude as opendp  # noqa: PLC0415  # an extra
    except ImportError:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE) from None
    opendp.enable_features("contrib")
    return opendp
