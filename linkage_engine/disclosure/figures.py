"""A measure before its mechanism: each cell's number, whom it is about, and what its rule says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue, Statistic
from linkage_engine.disclosure.cells import ExactTable, Persons
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import Counts
from linkage_engine.disclosure.threshold import may_be_told

Flags = npt.NDArray[np.bool_]
"""One for each cell of a table."""

Column = tuple[ControlledValue, ...]
"""One controlled number for each cell of a table."""

BANDS = frozenset({CellStatus.LOW, CellStatus.HIGH})
"""What is said of an outcome in place of its number."""

CONFIDENTIAL = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
UNAVAILABLE = ControlledValue(value=None, status=CellStatus.UNAVAILABLE)


@dataclass(frozen=True, eq=False)
class Exact:
    """A table under a policy, with what several rules and mechanisms ask for."""

    table: ExactTable
    policy: Policy
    withheld: frozenset[int] = frozenset()
    """Places of cells of which nothing may be told, however many people they are about."""
    withheld_parts: frozenset[tuple[int, str]] = frozenset()
    """Places and parts whose number may not be told."""
    secret: bytes | None = None
    """The project's, from which cell keys are made; rounding and hiding need none."""

    def __repr__(self) -> str:
        return "Exact(withheld)"

    @cached_property
    def populations(self) -> Counts:
        """People of each cell."""
        return np.array([cell.population.size for cell in self.table.cells], dtype=np.int64)

    @cached_property
    def populations_safe(self) -> Flags:
        """Which cells are about enough people and not withheld: of the others nothing is told."""
        safe = may_be_told(self.populations, self.policy)
        safe[list(self.withheld)] = False
        return safe

    def counts(self, part: str) -> Counts:
        """People of each cell in a part."""
        return np.array([cell.parts[part].size for cell in self.table.cells], dtype=np.int64)

    def parts_safe(self, part: str) -> Flags:
        """Which cells' part an audit lets be told: by its size it is judged elsewhere."""
        withheld = [(place, part) in self.withheld_parts for place in range(len(self.table.cells))]
        return ~np.array(withheld, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Figures:
    """One measure of every cell, exactly, and which of its numbers its statistic's rule allows.

    `people` are those behind each number. Counts are whole numbers that a mechanism blurs or hides; of
    what is no count the numbers have the figures that may be told already.
    """

    statistic: Statistic
    part: str | None
    numbers: Counts | npt.NDArray[np.float64]
    people: tuple[Persons, ...]
    allowed: Flags
    bands: tuple[CellStatus, ...] = ()
    """For each cell what stands where its rule allows no number; without any they are confidential."""

    def __repr__(self) -> str:
        return "Figures(withheld)"

    @property
    def counts(self) -> Counts | None:
        """The numbers, if they count people or what happened to them."""
        return self.numbers.astype(np.int64) if self.numbers.dtype == np.int64 else None

    def told(self, numbers: Counts | npt.NDArray[np.float64], *, where: Flags) -> Column:
        """Numbers to tell, and elsewhere their bands, or that they are confidential."""
        bands = self.bands or (CellStatus.CONFIDENTIAL,) * len(self.allowed)
        told = {number: ControlledValue(value=number) for number in set(numbers[where].tolist())}
        return tuple(
            told[number] if safe else _WITHHELD.get(band, CONFIDENTIAL)
            for number, safe, band in zip(numbers.tolist(), where.tolist(), bands, strict=True)
        )


_WITHHELD: Mapping[CellStatus, ControlledValue] = {
    band: ControlledValue(value=None, status=band) for band in BANDS
}

Mechanism = Callable[[Exact, Sequence[Figures]], Sequence[Column]]
"""Makes columns of all figures of a table at once, in their order; it tells no number that is not allowed."""
