"""Protection without a program: the cheapest box of cells that leaves every margin alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.protector.dimension import Dimension, Flags, Places
from linkage_engine.disclosure.protector.table import Table

Prices = npt.NDArray[np.float64]


class Boxes:
    """Boxes have two atoms of each dimension as corners; half of the corners rise, half of them fall.

    The two atoms of a dimension are told apart by themselves alone, so that no sum changes. (After
    the hypercube method of Repsilber and Giessing, Handbook on Statistical Disclosure Control 4.4.)
    """

    def __init__(self, table: Table, fixed: Flags) -> None:
        shape = tuple(len(each.nodes) for each in table.dimensions)
        self._shape = shape
        self._values = table.values.reshape(shape)
        self._fixed = fixed.reshape(shape)
        self._siblings = [_siblings(each) for each in table.dimensions]

    def cheapest(self, node: int, room: int, price: Prices) -> tuple[float, Places, Places]:
        """The cost of the best box, which nodes rise in it and which fall; infinite where there is none."""
        position = [int(at) for at in np.unravel_index(node, self._shape)]
        others = [siblings.get(at, _NONE) for siblings, at in zip(self._siblings, position, strict=True)]
        if not all(each.size for each in others):
            return np.inf, _NONE, _NONE
        prices = price.reshape(self._shape)
        cost = np.zeros([each.size for each in others])
        for corner in product((False, True), repeat=len(others)):
            grid = np.ix_(*_corner(position, others, corner))
            cost += prices[grid]
            bad = self._fixed[grid]
            if sum(corner) % 2:
                bad = bad | (self._values[grid] < room)
            cost = np.where(bad, np.inf, cost)
        best = np.unravel_index(int(np.argmin(cost)), cost.shape)
        chosen = [each[[at]] for each, at in zip(others, best, strict=True)]
        sides: tuple[list[int], list[int]] = ([], [])
        for corner in product((False, True), repeat=len(others)):
            grid = np.ix_(*_corner(position, chosen, corner))
            sides[sum(corner) % 2].append(int(np.ravel_multi_index(grid, self._shape).item()))
        rise, fall = (np.array(side, dtype=np.int64) for side in sides)
        return float(cost[best]), rise, fall


_NONE: Places = np.empty(0, dtype=np.int64)


def _corner(position: list[int], others: list[Places], corner: tuple[bool, ...]) -> list[Places]:
    return [other if far else np.array([at]) for at, other, far in zip(position, others, corner, strict=True)]


def _siblings(dimension: Dimension) -> dict[int, Places]:
    """For each node that is one atom, the nodes of the atoms that stand in the same groups otherwise."""
    single = {next(iter(group)): place for place, group in enumerate(dimension.nodes) if len(group) == 1}
    others = dimension.covers[[len(group) > 1 for group in dimension.nodes]]
    found: dict[bytes, list[int]] = {}
    for atom, place in single.items():
        found.setdefault(others[:, atom].tobytes(), []).append(place)
    return {
        place: np.array([other for other in family if other != place], dtype=np.int64)
        for family in found.values()
        for place in family
    }
