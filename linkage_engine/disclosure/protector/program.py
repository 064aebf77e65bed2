"""The linear program behind suppression: the cheapest other table in which one cell is larger."""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.protector.dimension import Flags
from linkage_engine.disclosure.protector.sets import Sets
from linkage_engine.disclosure.protector.table import Table

Changes = npt.NDArray[np.float64]
"""How each node differs in another possible table."""
SMALLEST = 1e-6
"""A change below it is the solver's rounding."""


class Program:
    """Changes of every node that keep all sums; what a hidden node's change costs is nothing.

    Each change is a rise and a fall, both from 0 up, so that either has its price. A hidden node's
    rise may be negative and its fall is 0: two free halves would grow together without bound.
    """

    def __init__(self, table: Table | Sets, price: Changes, hidden: Flags, fixed: Flags) -> None:
        self._values = table.values.astype(np.float64)
        self._price = price
        self._count = self._values.size
        sums = table.sums
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = 2 * self._count, sums.shape[0]
        program.col_cost_ = np.concatenate([price, price])
        program.col_lower_ = np.zeros(2 * self._count)
        program.col_upper_ = np.concatenate(
            [np.where(fixed, 0.0, highspy.kHighsInf), np.where(fixed, 0.0, self._values)]
        )
        program.row_lower_ = program.row_upper_ = np.zeros(sums.shape[0])
        columns = sums.tocsc()
        starts = np.concatenate([columns.indptr, columns.indptr[-1] + columns.indptr[1:]])
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = starts
        program.a_matrix_.index_ = np.concatenate([columns.indices, columns.indices])
        program.a_matrix_.value_ = np.concatenate([columns.data, -columns.data])
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call] # the library has no types for it
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(program)
        self.hide(np.flatnonzero(hidden))

    def give_up_after(self, seconds: float) -> None:
        """From so many seconds of solving on, all answers together, there is none."""
        self._solver.setOptionValue("time_limit", seconds)

    def hide(self, nodes: npt.NDArray[np.int64]) -> None:
        """From now on these change at no price."""
        self._bound(nodes, -self._values[nodes], np.full(nodes.size, highspy.kHighsInf))
        falls = nodes + self._count
        self._bound(falls, np.zeros(nodes.size), np.zeros(nodes.size))
        self._cost(np.concatenate([nodes, falls]), np.zeros(2 * nodes.size))

    def only_hidden(self, hidden: Flags) -> None:
        """From now on nothing else changes at any price."""
        told = np.flatnonzero(~hidden)
        self._bound(told, np.zeros(told.size), np.zeros(told.size))
        self._bound(told + self._count, np.zeros(told.size), np.zeros(told.size))

    def cheapest(self, node: int, room: float) -> Changes | None:
        """The cheapest changes with this hidden node larger by so much; nothing where there are none.

        A room below 0 asks for a smaller number.
        """
        ends = (room, highspy.kHighsInf) if room > 0 else (-self._values[node], room)
        self._solver.changeColBounds(node, *ends)
        changes = self._solved()
        self._solver.changeColBounds(node, -self._values[node], highspy.kHighsInf)
        return changes

    def together(self, nodes: npt.NDArray[np.int64], room: Changes, weight: Changes) -> Changes | None:
        """Changes of hidden nodes that cost nothing, with much of the room of many of these nodes at once."""
        lowest, unbounded = -self._values[nodes], np.full(nodes.size, highspy.kHighsInf)
        up = room > 0
        self._bound(nodes, np.where(up, lowest, room), np.where(up, room, unbounded))
        self._cost(nodes, np.where(up, -weight, weight))
        changes = self._solved()
        self._bound(nodes, lowest, unbounded)
        self._cost(nodes, np.zeros(nodes.size))
        return changes

    def _solved(self) -> Changes | None:
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = np.asarray(self._solver.getSolution().col_value)
        changes: Changes = np.subtract(found[: self._count], found[self._count :])
        return changes

    def _bound(self, columns: npt.NDArray[np.int64], lower: Changes, upper: Changes) -> None:
        self._solver.changeColsBounds(columns.size, columns.astype(np.int32), lower, upper)

    def _cost(self, columns: npt.NDArray[np.int64], cost: Changes) -> None:
        self._solver.changeColsCost(columns.size, columns.astype(np.int32), cost)
