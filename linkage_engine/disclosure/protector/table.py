"""A table with every margin: exact numbers of all cells, and which cells are sums of which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.protector.dimension import Dimension, Flags, Label, Places

Numbers = npt.NDArray[np.int64]
LARGEST = 2**53
"""Sums above it would not be exact everywhere."""


@dataclass(frozen=True, eq=False)
class Table:
    """Whole numbers of every combination of atoms; cells are combinations of labels, in row-major order.

    A node is a set of atoms: cells that are about the same atoms are one node, and atoms that no
    cell shows are nodes too.
    """

    dimensions: tuple[Dimension, ...]
    atoms: Numbers
    """As many axes as dimensions."""

    @classmethod
    def of(
        cls,
        dimensions: Sequence[Sequence[str]],
        data: Mapping[str, Sequence[str]],
        numbers: Numbers,
        *,
        cells: int,
    ) -> Table:
        """The table of a file's records, each with its number.

        `QueryRefused(TABLE_INVALID)` without records or with negative numbers, `TABLE_TOO_LARGE` with
        more than so many cells or sums too large to be exact.
        """
        if not numbers.size or (numbers < 0).any():
            raise QueryRefused(RefusalCode.TABLE_INVALID, negative=int((numbers < 0).sum()))
        if float(numbers.sum(dtype=np.float64)) > LARGEST:
            raise QueryRefused(RefusalCode.TABLE_TOO_LARGE)
        made = [Dimension.of(columns, data) for columns in dimensions]
        size = prod(max(len(each.groups), len(each.nodes)) for each, _ in made)
        if size > cells:
            raise QueryRefused(RefusalCode.TABLE_TOO_LARGE, cells=size, allowed=cells)
        atoms = np.zeros(tuple(len(each.atoms) for each, _ in made), dtype=np.int64)
        np.add.at(atoms, tuple(places for _, places in made), numbers)
        return cls(tuple(each for each, _ in made), atoms)

    @cached_property
    def values(self) -> Numbers:
        """Every node's number."""
        found = self.atoms
        for axis, each in enumerate(self.dimensions):
            covers = each.covers.astype(np.int64)
            found = np.moveaxis(np.tensordot(covers, found, axes=(1, axis)), 0, axis)
        return found.ravel()

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(len(each.nodes) for each in self.dimensions)

    @cached_property
    def node_of_cell(self) -> Places:
        """Which node each cell is."""
        grid = np.ix_(*(each.node_of_label for each in self.dimensions))
        return np.arange(prod(self._shape), dtype=np.int64).reshape(self._shape)[grid].ravel()

    @cached_property
    def shown(self) -> Flags:
        """Which nodes are cells."""
        found = np.zeros(self.values.size, dtype=np.bool_)
        found[self.node_of_cell] = True
        return found

    def covered(self, node: int, data: Mapping[str, Sequence[str]]) -> Flags:
        """Which records of the file that the table was made of a node covers."""
        inside = True
        position = np.unravel_index(node, self._shape)
        for each, at in zip(self.dimensions, position, strict=True):
            _, places = Dimension.of(each.columns, data)
            inside = inside & each.covers[int(at), places]
        return np.asarray(inside)

    def labels(self) -> list[tuple[Label, ...]]:
        """Every cell's labels, in order."""
        names = [list(each.groups) for each in self.dimensions]
        places = np.indices([len(each) for each in names]).reshape(len(names), -1).T
        return [tuple(name[at] for name, at in zip(names, place, strict=True)) for place in places.tolist()]

    @cached_property
    def sums(self) -> sparse.csr_array:
        """A line for each node that is a sum: minus one for itself, one for each of the nodes it sums.

        A node is split along the dimension where it has fewest parts, so that lines stay short.
        """
        strides = [prod(self._shape[axis + 1 :]) for axis in range(len(self._shape))]
        lines, places, signs = [], [], []
        line = 0
        for node, position in enumerate(np.ndindex(self._shape)):
            parts = [
                (each.children[at], at, stride)
                for each, at, stride in zip(self.dimensions, position, strides, strict=True)
                if each.children[at]
            ]
            if not parts:
                continue
            children, at, stride = min(parts, key=lambda part: len(part[0]))
            places += [node, *(node + (child - at) * stride for child in children)]
            signs += [-1.0] + [1.0] * len(children)
            lines += [line] * (len(children) + 1)
            line += 1
        return sparse.csr_array((signs, (lines, places)), shape=(line, self.values.size))
