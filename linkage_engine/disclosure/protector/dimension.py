"""One dimension of a table: what its labels mean, in the finest groups that its columns tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Label = tuple[str, str] | None
"""A column and its value; none for the total."""
Group = frozenset[int]
"""Numbers of atoms."""
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dimension:
    """Atoms are the combinations of values that occur; a label is the group of atoms that it covers.

    Columns may nest or cross: nothing is assumed of one within another. The total comes first, then
    each column's values in the order of text.
    """

    columns: tuple[str, ...]
    atoms: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[str], data: Mapping[str, Sequence[str]]) -> tuple[Dimension, Places]:
        """The dimension of some columns of a file, and each record's atom."""
        rows = list(zip(*(data[name] for name in columns), strict=True))
        atoms = tuple(sorted(set(rows)))
        number = {atom: place for place, atom in enumerate(atoms)}
        return cls(tuple(columns), atoms), np.array([number[row] for row in rows], dtype=np.int64)

    @cached_property
    def groups(self) -> Mapping[Label, Group]:
        """Every label's atoms, in the order of labels."""
        found: dict[Label, set[int]] = {None: set(range(len(self.atoms)))}
        for column, name in enumerate(self.columns):
            for value in sorted({atom[column] for atom in self.atoms}):
                found[name, value] = set()
            for place, atom in enumerate(self.atoms):
                found[name, atom[column]].add(place)
        return {label: frozenset(group) for label, group in found.items()}

    @cached_property
    def nodes(self) -> tuple[Group, ...]:
        """Every group once, labels that cover the same atoms merged; then atoms that have no label."""
        singles = (frozenset({place}) for place in range(len(self.atoms)))
        return tuple(dict.fromkeys([*self.groups.values(), *singles]))

    @cached_property
    def node_of_label(self) -> Places:
        """Which node each label is."""
        number = {group: place for place, group in enumerate(self.nodes)}
        return np.array([number[group] for group in self.groups.values()], dtype=np.int64)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """For each node the nodes that it is the sum of, as few as there can be; none for an atom."""
        number = {group: place for place, group in enumerate(self.nodes)}
        by_column = [
            [self.groups[label] for label in self.groups if label and label[0] == c] for c in self.columns
        ]
        singles = [frozenset({place}) for place in range(len(self.atoms))]

        def parts(group: Group) -> tuple[int, ...]:
            if len(group) == 1:
                return ()
            ways = [_within(group, column) for column in (*by_column, singles)]
            whole = [way for way in ways if len(way) > 1 and sum(map(len, way)) == len(group)]
            return tuple(number[part] for part in min(whole, key=len))

        return tuple(map(parts, self.nodes))

    @cached_property
    def covers(self) -> Flags:
        """Nodes by atoms: which atoms a node covers."""
        found = np.zeros((len(self.nodes), len(self.atoms)), dtype=np.bool_)
        for place, group in enumerate(self.nodes):
            found[place, sorted(group)] = True
        return found


def _within(group: Group, column: Sequence[Group]) -> list[Group]:
    return [part for part in column if part <= group]
