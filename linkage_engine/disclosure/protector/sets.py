"""Numbers of any sets of people: nothing is assumed of how they overlap, each is a sum of atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from linkage_engine.disclosure.protector.dimension import Flags
from linkage_engine.disclosure.protector.table import Numbers


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets by atoms, how many people each atom has, and which sets may be shown.

    Nodes are the sets, then the atoms. An atom is never shown, unless a set of it alone is.
    """

    rows: sparse.csr_array
    atoms: Numbers
    may_be_shown: Flags

    @cached_property
    def values(self) -> Numbers:
        """Every node's number."""
        return np.concatenate([np.asarray(self.rows @ self.atoms, dtype=np.int64), self.atoms])

    @cached_property
    def shown(self) -> Flags:
        """Which nodes are shown unless they are hidden."""
        return np.concatenate([self.may_be_shown, np.zeros(self.atoms.size, dtype=np.bool_)])

    @cached_property
    def sums(self) -> sparse.csr_array:
        """A line for each set: minus one for itself, one for each of its atoms."""
        return sparse.hstack([-sparse.eye_array(self.rows.shape[0]), self.rows], format="csr", dtype=float)
