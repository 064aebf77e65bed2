"""What is kept of a project between two releases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets, no_sets

DETERMINED, OPEN = 1e-5, 1e-6
"""A group that has more than `OPEN` left may not come to less than `DETERMINED`."""


@dataclass(frozen=True, eq=False)
class State:
    """Everything published to a project so far, and the small groups to protect from it.

    `factor` is the lower Cholesky factor of PP', P the `independent` ones among the published sets as
    rows of 0 and 1. `left` is for each group the square of what P leaves unexplained of it: at 0
    its size could be computed. `watched` are the differences and intersections, of 2 people to one less
    than the threshold, of any two published sets. `threshold` is the largest that was ever asked for.
    """

    published: PersonSets
    independent: Numbers
    factor: Floats
    groups: PersonSets
    left: Floats
    watched: PersonSets
    threshold: int

    def __repr__(self) -> str:
        return "State(withheld)"

    @property
    def rank(self) -> int:
        """How many independent sets were published."""
        return self.independent.size

    @property
    def groups_determined(self) -> int:
        """How many groups could be computed from what was published before they were recorded."""
        return int((self.left <= OPEN).sum())

    @cached_property
    def rows(self) -> PersonSets:
        """The independent sets."""
        return self.published.take(self.independent)


def nothing_released() -> State:
    """The state of a project before its first release."""
    return State(
        published=no_sets(),
        independent=np.empty(0, dtype=np.int64),
        factor=np.empty((0, 0)),
        groups=no_sets(),
        left=np.empty(0),
        watched=no_sets(),
        threshold=0,
    )
