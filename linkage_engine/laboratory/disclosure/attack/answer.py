"""What an attacker is told of a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.disclosure.history.sets import Flags, Floats
from linkage_engine.laboratory.disclosure.attack.cohort import Secret
from linkage_engine.laboratory.disclosure.attack.question import Question

Statuses = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Answer:
    """A controlled table as a researcher reads it: cells by measures, the first of which is people.

    A number that is withheld is no number, and its status says why.
    """

    labels: tuple[tuple[str, ...], ...]
    values: Floats
    statuses: Statuses

    @property
    def is_told(self) -> Flags:
        """Of which cells the number of people is told: of the others nothing is."""
        told: Flags = self.statuses[:, 0] == CellStatus.SHOWN.value
        return told

    @classmethod
    def read(cls, table: ControlledTable) -> Answer:
        """The rows of a table."""
        rows = [row.values for row in table.rows]
        return cls(
            labels=tuple(row.labels for row in table.rows),
            values=np.array([[np.nan if each.value is None else each.value for each in row] for row in rows]),
            statuses=np.array([[each.status.value for each in row] for row in rows]),
        )


@dataclass(frozen=True, eq=False)
class Meaning:
    """For each column of a secret a number near the sum behind what was told, and the variance between."""

    sums: Floats
    variances: Floats


class Service(Protocol):
    """Whom an attacker asks."""

    def ask(self, question: Question) -> Answer | None:
        """A controlled table, or nothing where the question is refused."""

    def meaning(self, about: Secret, people: int, values: Floats, statuses: Statuses, /) -> Meaning:
        """What the columns of a cell of so many people say, by rules that everybody may know."""
