"""Other tables that look the same from outside: found by linear programs, kept only in whole numbers."""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, Whole

Reals = npt.NDArray[np.float64]
NEAR = 1e-6
"""How far from a whole number the solver's answer may be to be tried as one."""
BOX = 1_000
"""How far above the truth an atom may go in a search: any box around the truth finds whatever can differ."""


class Worlds:
    """All tables that agree with a claim, as a program over the atoms that are not known."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        cells = claim.cells
        known = claim.most < UNKNOWN
        self.free = _free(cells[known], claim.least[known], claim.most[known])
        rows = sparse.csr_array(cells[known][:, self.free])
        base = np.asarray(cells[known] @ np.where(self.free, 0, claim.truth))
        low, high = claim.least[known] - base, claim.most[known] - base
        once = _distinct(rows)
        self.truth = claim.truth[self.free].astype(np.float64)
        self._solver = _solver(rows[once], low[once], high[once])
        self.solved = 0

    def give_up_after(self, seconds: float) -> None:
        """From so many seconds of solving on, all answers together, there is none."""
        self._solver.setOptionValue("time_limit", seconds)

    def bound(self, most: Reals) -> None:
        """From now on no atom is above so much."""
        places = np.arange(self.truth.size, dtype=np.int32)
        self._solver.changeColsBounds(places.size, places, np.zeros(places.size), most)

    def whole(self, nodes: int, *, gap: float) -> None:
        """From now on only whole numbers, through so many branches at most and so close to the furthest."""
        places = np.arange(self.truth.size, dtype=np.int32)
        kinds = np.full(places.size, highspy.HighsVarType.kInteger)
        self._solver.changeColsIntegrality(places.size, places, kinds)
        self._solver.setOptionValue("mip_max_nodes", nodes)
        self._solver.setOptionValue("mip_rel_gap", gap)

    def furthest(self, direction: Reals) -> Reals | None:
        """A world as far as can be in a direction; nothing where the solver has none or there is no end."""
        places = np.arange(direction.size, dtype=np.int32)
        self._solver.changeColsCost(places.size, places, -direction)
        self._solver.run()
        self.solved += 1
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.asarray(self._solver.getSolution().col_value)

    def entire(self, found: Reals) -> Whole | None:
        """All atoms of a world if it is in whole numbers."""
        nearest = np.rint(found)
        if np.abs(found - nearest).max(initial=0.0) > NEAR:
            return None
        world = self.claim.truth.copy()
        world[self.free] = nearest.astype(np.int64)
        return world


def _free(rows: sparse.csr_array, least: Whole, most: Whole) -> npt.NDArray[np.bool_]:
    """Which atoms single cells do not tell: those in no shown zero and not alone in a shown cell."""
    unknown = np.ones(rows.shape[1], dtype=np.bool_)
    unknown[(rows.T @ (most == 0)) > 0] = False
    exact = rows[least == most]
    while True:
        alone = exact @ unknown.astype(np.int64) == 1
        if not alone.any():
            return unknown
        unknown &= (exact[alone].T @ np.ones(int(alone.sum()), dtype=np.int64)) == 0


def _distinct(rows: sparse.csr_array) -> npt.NDArray[np.int64]:
    """One of each kind of line that is not empty."""
    first: dict[bytes, int] = {}
    rows.sort_indices()
    for line in range(rows.shape[0]):
        entries = rows.indices[rows.indptr[line] : rows.indptr[line + 1]]
        if entries.size:
            first.setdefault(entries.tobytes(), line)
    return np.array(sorted(first.values()), dtype=np.int64)


def _solver(rows: sparse.csr_array, low: Whole, high: Whole) -> highspy.Highs:
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = rows.shape
    program.col_cost_ = np.zeros(rows.shape[1])
    program.col_lower_ = np.zeros(rows.shape[1])
    program.col_upper_ = np.full(rows.shape[1], highspy.kHighsInf)
    program.row_lower_, program.row_upper_ = low.astype(np.float64), high.astype(np.float64)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = rows.indptr
    program.a_matrix_.index_ = rows.indices
    program.a_matrix_.value_ = rows.data.astype(np.float64)
    solver = highspy.Highs()  # type: ignore[no-untyped-call] # the library has no types for it
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    solver.passModel(program)
    return solver
