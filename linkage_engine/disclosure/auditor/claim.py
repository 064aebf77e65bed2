"""What an attacker is given: every cell's atoms, and between which numbers each is known to lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.contract.refusals import QueryRefused, RefusalCode

Whole = npt.NDArray[np.int64]
UNKNOWN = 2**62
"""No upper limit is known."""
TOTAL = "Total"


@dataclass(frozen=True, eq=False)
class Claim:
    """Cells by atoms, the true number of each atom, and what is known of each cell: least and most.

    Shown exactly, least and most are the number itself; rounded, the ends of its bin; hidden, 0 and
    `UNKNOWN`.
    """

    cells: sparse.csr_array
    truth: Whole
    least: Whole
    most: Whole

    @property
    def values(self) -> Whole:
        """The true number of each cell."""
        return np.asarray(self.cells @ self.truth)


def cells_of(
    dimensions: Sequence[Sequence[str]],
    data: Mapping[str, Sequence[str]],
    numbers: Whole,
    *,
    cells_allowed: int,
) -> tuple[list[tuple[str, ...]], sparse.csr_array, Whole]:
    """Every cell's labels (`column=value` or `Total`), the cells by atoms, and each atom's number.

    `QueryRefused(TABLE_TOO_LARGE)` with more than so many cells or atoms.
    """
    axes = [_axis(columns, data) for columns in dimensions]
    size = max(prod(len(names) for names, _, _ in axes), prod(matrix.shape[1] for _, matrix, _ in axes))
    if size > cells_allowed:
        raise QueryRefused(RefusalCode.TABLE_TOO_LARGE, cells=size, allowed=cells_allowed)
    labels: list[tuple[str, ...]] = [()]
    for names, _, _ in axes:
        labels = [(*so_far, name) for so_far in labels for name in names]
    cells = reduce(
        lambda left, right: sparse.kron(left, right, format="csr"), (matrix for _, matrix, _ in axes)
    )
    place = np.zeros(numbers.size, dtype=np.int64)
    for _, matrix, codes in axes:
        place = place * matrix.shape[1] + codes
    truth = np.zeros(cells.shape[1], dtype=np.int64)
    np.add.at(truth, place, numbers)
    return labels, sparse.csr_array(cells, dtype=np.int64), truth


def _axis(
    columns: Sequence[str], data: Mapping[str, Sequence[str]]
) -> tuple[list[str], sparse.csr_array, Whole]:
    """One dimension: its labels, labels by atoms, and each record's atom."""
    table = np.array([list(data[name]) for name in columns], dtype=np.str_).T
    atoms, codes = np.unique(table, axis=0, return_inverse=True)
    names, lines = [TOTAL], [np.ones(len(atoms), dtype=np.int64)]
    for at, column in enumerate(columns):
        for value in np.unique(atoms[:, at]):
            names.append(f"{column}={value}")
            lines.append((atoms[:, at] == value).astype(np.int64))
    return names, sparse.csr_array(np.vstack(lines)), codes.reshape(-1).astype(np.int64)
