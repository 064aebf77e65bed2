"""Which outcome was told over which published sets, and how often in how many ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from linkage_engine.disclosure.history.sets import Floats, Numbers

EXACT_VARIANCE = 1e-6
"""Of the error of a count that is told as it is: so little that it counts as none."""


@dataclass(frozen=True, order=True)
class Telling:
    """An outcome, counted in one way and told with an error of this variance; two SHA-256 digests.

    The same way of counting tells the same numbers, so that telling them again tells nothing. Every other
    way is one more observation of the outcome.
    """

    outcome: bytes
    way: bytes
    variance: float

    @property
    def precision(self) -> float:
        """What one such count weighs: the inverse of its variance."""
        return 1 / max(self.variance, EXACT_VARIANCE)


@dataclass(frozen=True, eq=False)
class Told:
    """Everything told to a project of outcomes: for each telling the numbers of its sets, ascending.

    The numbers are places among the project's published sets. Nothing of it depends on a count.
    """

    sets: Mapping[Telling, Numbers] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Told(withheld)"

    def joined(self, more: Told) -> Told:
        """These and more; what was told before is told once."""
        nothing = np.empty(0, dtype=np.int64)
        both = {
            telling: np.union1d(self.sets.get(telling, nothing), more.sets.get(telling, nothing))
            for telling in (*self.sets, *more.sets)
        }
        return Told(both)

    def observations(self, outcome: bytes, count: int) -> Numbers:
        """For each of so many published sets, in how many ways the outcome was told over it."""
        found = np.zeros(count, dtype=np.int64)
        for telling, numbers in self.sets.items():
            found[numbers] += telling.outcome == outcome
        return found

    def precision(self, outcome: bytes, count: int) -> Floats:
        """For each of so many published sets how precisely the outcome is known of it; 0 is not at all."""
        found = np.zeros(count)
        for telling, numbers in self.sets.items():
            if telling.outcome == outcome:
                found[numbers] += telling.precision
        return found
