"""One sweep over the candidates: each is published unless a small group could be computed from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.admission.factor import forward, solve
from linkage_engine.disclosure.admission.state import DETERMINED, OPEN, State
from linkage_engine.disclosure.admission.table import Decision
from linkage_engine.disclosure.history.sets import Floats, PersonSets

IMPLIED = 1e-7
"""Share of a set's size under which what is left of it is nothing but rounding."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The cells to decide on, in the order of admission, against what was published before.

    across: F^-1 (P W'), one column a candidate; weights: (PP')^-1 P W'; gram: what is left of WW'.
    """

    cells: PersonSets
    across: Floats
    weights: Floats
    gram: Floats


@dataclass(frozen=True, eq=False)
class Swept:
    """What one sweep decided: a decision for each candidate, who is added to the factor, what is left.

    corner: the factor of the added candidates among themselves; left: of every group.
    """

    decisions: tuple[Decision, ...]
    added: tuple[int, ...]
    corner: Floats
    left: Floats


def candidates(state: State, cells: PersonSets, persons: int) -> Candidates:
    """Everything about the candidates that does not depend on which groups are protected."""
    matrix = cells.matrix(persons)
    shared = (state.rows.matrix(persons) @ matrix.T).toarray()
    across = forward(state.factor, shared)
    gram = (matrix @ matrix.T).toarray() - across.T @ across
    return Candidates(cells, across, solve(state.factor, shared), gram)


def against(state: State, cells: Candidates, groups: PersonSets, persons: int) -> Floats:
    """What is left of the products of candidates and groups, W Gm' - X' (P Gm'): candidates by groups."""
    members = groups.matrix(persons).T
    explained = (state.rows.matrix(persons) @ members).T @ cells.weights
    found: Floats = (cells.cells.matrix(persons) @ members).toarray() - explained.T
    return found


def left_of(state: State, groups: PersonSets, persons: int) -> Floats:
    """The square of what the published rows leave unexplained of each group."""
    shared = (state.rows.matrix(persons) @ groups.matrix(persons).T).toarray()
    found: Floats = groups.sizes - (forward(state.factor, shared) ** 2).sum(axis=0)
    return found


def sweep(cells: Candidates, products: Floats, left: Floats) -> Swept:
    """Decide on each candidate in order; an admitted one changes what is left of all after it."""
    gram, products, left = cells.gram.copy(), products.copy(), left.copy()
    columns: list[Floats] = []
    decisions: list[Decision] = []
    for place, size in enumerate(cells.cells.sizes):
        rest = gram[place, place]
        if rest < IMPLIED * size:
            decisions.append(Decision.IMPLIED)
            continue
        told = products[place] / np.sqrt(rest)
        if ((left > OPEN) & (left - told**2 < DETERMINED)).any():
            decisions.append(Decision.HIDDEN)
            continue
        decisions.append(Decision.ADMITTED)
        column = gram[:, place] / np.sqrt(rest)
        columns.append(column)
        left -= told**2
        gram[place + 1 :, place + 1 :] -= np.outer(column[place + 1 :], column[place + 1 :])
        products[place + 1 :] -= np.outer(column[place + 1 :], told)
    added = tuple(place for place, each in enumerate(decisions) if each is Decision.ADMITTED)
    everything = np.array(columns).reshape(len(columns), len(decisions)).T
    return Swept(tuple(decisions), added, np.tril(everything[list(added)]), left)
