"""Linear algebra on the kept factor: solving with it, adding to it, and random vectors in its null space."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from linkage_engine.disclosure.history.sets import Floats


def forward(factor: Floats, right: Floats) -> Floats:
    """F^-1 times the columns of `right`."""
    if factor.shape[0] == 0:
        return right
    solved: Floats = solve_triangular(factor, right, lower=True, check_finite=False)
    return solved


def solve(factor: Floats, right: Floats) -> Floats:
    """(FF')^-1 times the columns of `right`."""
    if factor.shape[0] == 0:
        return right
    solved: Floats = solve_triangular(
        factor, forward(factor, right), lower=True, trans="T", check_finite=False
    )
    return solved


def extended(factor: Floats, across: Floats, corner: Floats) -> Floats:
    """The factor with rows added: `across` is their part under the old rows, `corner` under themselves."""
    old, new = factor.shape[0], corner.shape[0]
    longer = np.zeros((old + new, old + new), order="F")
    longer[:old, :old] = factor
    longer[old:, :old] = across
    longer[old:, old:] = corner
    return longer


def unexplained(rows: sparse.csr_array, factor: Floats, vectors: Floats) -> Floats:
    """What is left of vectors, one number a person, when their part in the span of the rows is taken out.

    One step of refinement removes what rounding left of the first.
    """
    for _ in range(2):
        vectors = vectors - rows.T @ solve(factor, rows @ vectors)
    return vectors
