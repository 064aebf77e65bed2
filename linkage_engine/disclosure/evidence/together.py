"""With which published sets a hidden cell would give a small group away: for checkers, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.admission.factor import solve
from linkage_engine.disclosure.admission.state import DETERMINED, OPEN, State
from linkage_engine.disclosure.admission.sweep import IMPLIED, against, candidates
from linkage_engine.disclosure.history.sets import Floats, Numbers, PersonSets

NO_WEIGHT = 1e-6
"""A coefficient under which a set takes no part in a computation."""


@dataclass(frozen=True, eq=False)
class GivenAway:
    """The smallest group that a cell would give away, and the published sets it would be computed with.

    people: how many are in the group; sets: places among the published sets of the state.
    """

    people: int
    sets: Numbers

    def __repr__(self) -> str:
        return "GivenAway(withheld)"


def given_away(state: State, hidden: PersonSets) -> list[GivenAway | None]:
    """For each hidden set what telling it would give away beside everything published.

    The group is a sum of the set and of published ones with coefficients that are unique, because the
    published rows are independent: those that are not 0 are the sets one needs. Nothing where no
    single set gives a group away, as after so many rounds that admission gave up.
    """
    if len(hidden) == 0 or len(state.groups) == 0:
        return [None] * len(hidden)
    persons = max(each.least_persons for each in (state.published, state.groups, hidden))
    cells = candidates(state, hidden, persons)
    products = against(state, cells, state.groups, persons)
    rest = np.diag(cells.gram)
    shared = (state.rows.matrix(persons) @ state.groups.matrix(persons).T).tocsc()
    found: list[GivenAway | None] = []
    for place, size in enumerate(hidden.sizes):
        group = _smallest(state, products[place], rest[place]) if rest[place] > IMPLIED * size else None
        if group is None:
            found.append(None)
            continue
        own = products[place, group] / rest[place]
        weights = solve(state.factor, shared[:, [group]].toarray())[:, 0] - own * cells.weights[:, place]
        used = state.independent[np.flatnonzero(np.abs(weights) > NO_WEIGHT)]
        found.append(GivenAway(int(state.groups.sizes[group]), used))
    return found


def _smallest(state: State, products: Floats, rest: float) -> int | None:
    """The place of the smallest group that would be determined, if any."""
    would_be = np.flatnonzero((state.left > OPEN) & (state.left - products**2 / rest < DETERMINED))
    sizes = state.groups.sizes[would_be]
    return int(would_be[np.argmin(sizes)]) if would_be.size else None
