"""The audit of one table: which hidden cells an attacker can work out from all that is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.disclosure.auditor.certificate import is_possible
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, Whole
from linkage_engine.disclosure.auditor.worlds import BOX, NEAR, Reals, Worlds

ROUNDS = 40
IDLE = 3
"""Rounds in a row that clear nothing before the search changes."""
CLOSE, HALFWAY = 3, 0.5
"""Whole numbers for many cells at once: looked for this near the truth, and half of the furthest will do."""
NODES = 5_000
"""Branches of an integer program before a cell is undecided."""


@dataclass(frozen=True, eq=False)
class Findings:
    """Hidden cells by number: those that have one possible number only, and those not decided.

    `low` and `high` are the least and the largest number that a checked world gave each cell; every
    hidden cell that is in neither list has two. Safe means that both lists are empty.
    """

    determined: tuple[int, ...]
    undecided: tuple[int, ...]
    low: Whole
    high: Whole
    worlds: tuple[Whole, ...]
    programs: int

    @property
    def safe(self) -> bool:
        """Whether every hidden cell has at least two possible numbers, by witnesses in whole numbers."""
        return not self.determined and not self.undecided


def audit(claim: Claim, *, seconds: float = np.inf) -> Findings:
    """What the shown cells tell of the hidden ones.

    1. Atoms that single shown cells tell are known; a hidden cell of such atoms only is determined.
    2. A random signed sum of all cells not yet cleared is maximised: the answer is another possible
       table, which clears every cell that it changes. Only tables in whole numbers that pass
       `is_possible` count.
    3. The same in whole numbers near the truth, where the linear answers of three-way tables are fractions.
    4. Each cell left: the linear range; a narrow one is determined.
    5. Each cell with a wide range and no witness: an integer program either way; neither way possible
       is determined, no answer is undecided, and undecided is not safe.

    After so many seconds of linear programs, and as many of integer ones, they have no answer.
    """
    return _Audit(claim).run(seconds)


class _Audit:
    """Which targets are open, and what checked worlds say of each cell."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._values = claim.values
        self._low, self._high = self._values.copy(), self._values.copy()
        self._hidden = np.flatnonzero(claim.most == UNKNOWN)
        self._kept: list[Whole] = []
        self._dice = np.random.default_rng(20_261_122)

    def run(self, seconds: float) -> Findings:
        worlds = Worlds(self._claim)
        worlds.give_up_after(seconds)
        if not worlds.free.any():
            return self._findings(set(self._hidden.tolist()), set(), 0)
        targets = sparse.csr_array(self._claim.cells[:, worlds.free], dtype=np.float64)
        worlds.bound(worlds.truth + BOX)
        self._in_bulk(worlds, targets)
        whole = Worlds(self._claim)
        whole.give_up_after(seconds)
        whole.bound(whole.truth + CLOSE)
        whole.whole(NODES, gap=HALFWAY)
        self._in_bulk(whole, targets)
        determined, wide = self._one_by_one(worlds, targets)
        whole.bound(whole.truth + BOX)
        whole.whole(NODES, gap=0.0)
        more, undecided = self._in_whole_numbers(whole, targets, wide)
        return self._findings(determined | more, undecided, worlds.solved + whole.solved)

    def _open(self) -> npt.NDArray[np.int64]:
        narrow = np.equal(self._low[self._hidden], self._high[self._hidden])
        return np.compress(narrow, self._hidden)

    def _in_bulk(self, worlds: Worlds, targets: sparse.csr_array) -> None:
        idle = 0
        for _ in range(ROUNDS):
            before = self._open()
            if not before.size or idle == IDLE:
                return
            signs = self._dice.choice([-1.0, 1.0], before.size) * self._dice.uniform(0.5, 1.5, before.size)
            self._learn(worlds, worlds.furthest(targets[before].T @ signs))
            idle = idle + 1 if self._open().size == before.size else 0

    def _learn(self, worlds: Worlds, found: Reals | None) -> None:
        """What a world in whole numbers says, if it is a possible one."""
        world = None if found is None else worlds.entire(found)
        if world is None or not is_possible(self._claim, world):
            return
        sums = self._claim.cells @ world
        if (sums < self._low).any() or (sums > self._high).any():
            self._kept.append(world)
        self._low, self._high = np.minimum(self._low, sums), np.maximum(self._high, sums)

    def _one_by_one(self, worlds: Worlds, targets: sparse.csr_array) -> tuple[set[int], list[int]]:
        """Cells with a narrow linear range, and those with a wide one and no witness."""
        determined: set[int] = set()
        wide: list[int] = []
        for cell in self._open().tolist():
            if self._low[cell] < self._high[cell]:
                continue
            line = targets[[cell]].toarray().ravel()
            ends = [worlds.furthest(sign * line) for sign in (1.0, -1.0)]
            for end in ends:
                self._learn(worlds, end)
            reach = [abs(line @ (end - worlds.truth)) if end is not None else np.inf for end in ends]
            if max(reach) <= NEAR:
                determined.add(cell)
            else:
                wide.append(cell)
        return determined, wide

    def _in_whole_numbers(
        self, whole: Worlds, targets: sparse.csr_array, wide: list[int]
    ) -> tuple[set[int], set[int]]:
        """Of cells without a witness: those that have none, and those of which it is not known."""
        determined: set[int] = set()
        undecided: set[int] = set()
        for cell in wide:
            line = targets[[cell]].toarray().ravel()
            ends: list[Reals | None] = []
            for sign in (1.0, -1.0):
                if self._low[cell] == self._high[cell]:
                    ends.append(whole.furthest(sign * line))
                    self._learn(whole, ends[-1])
            if self._low[cell] < self._high[cell]:
                continue
            (undecided if any(end is None for end in ends) else determined).add(cell)
        return determined, undecided

    def _findings(self, determined: set[int], undecided: set[int], programs: int) -> Findings:
        return Findings(
            determined=tuple(sorted(determined)),
            undecided=tuple(sorted(undecided)),
            low=self._low,
            high=self._high,
            worlds=tuple(self._kept),
            programs=programs,
        )
