"""Greedy admission: as many cells of a table as can be told without giving any small group away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from linkage_engine.disclosure.admission.factor import extended, unexplained
from linkage_engine.disclosure.admission.pairs import small_pair_sets
from linkage_engine.disclosure.admission.sorts import small_unions
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.admission.sweep import (
    Candidates,
    Swept,
    against,
    candidates,
    left_of,
    sweep,
)
from linkage_engine.disclosure.admission.table import Decision, Table
from linkage_engine.disclosure.history.sets import Flags, Floats, Numbers, PersonSets, first_of_each, no_sets

ROUNDS = 8
VECTORS = 2
NOTHING = 1e-6
"""A sum over a group of unexplained random numbers under which the group's size could be computed."""


@dataclass(frozen=True, eq=False)
class Admitted:
    """What is published of a table: a decision for each cell, and the state once it is released."""

    decisions: tuple[Decision, ...]
    state: State
    rounds: int


@dataclass(frozen=True, eq=False)
class _Asked:
    """A table at the moment of asking: what its size and its past decide about it, before any sweep."""

    table: Table
    threshold: int
    persons: int
    vectors: Floats
    decisions: tuple[Decision | None, ...]
    order: Numbers
    tested: PersonSets


def admit(state: State, table: Table, *, threshold: int, generator: np.random.Generator) -> Admitted:
    """Decide on every cell of a table after everything published to the project before.

    1. Cells under the threshold are hidden; sets published before are published again.
    2. The others are candidates, in one total order.
    3. Groups to protect: those recorded, and the table's own small cells.
    4. What is left of candidates and groups beside the published rows.
    5. A sweep admits, finds implied or hides each.
    6. Small remainders of published cells without their published children, and
    7. persons, small pair sets, old ones too, and small unions of sorts of people that could now be
       computed become groups: again from 4 without the table.
    8. After eight rounds nothing new of the table is told.

    A threshold lower than an earlier one is raised to it, a higher one holds for earlier sets too. The
    randomness decides nothing but which null-space vectors test step 7.
    """
    state = _widened(state, threshold)
    threshold = state.threshold
    asked = _asked(state, table, threshold, generator)
    cells = candidates(state, table.cells.take(asked.order), asked.persons)
    groups, left = _grown(state, state.groups, state.left, _small_cells(table, threshold), asked.persons)
    products = against(state, cells, groups, asked.persons)
    for number in range(1, ROUNDS + 1):
        swept = sweep(cells, products, left)
        decisions = _with(asked, swept.decisions)
        trial = _after(state, asked, cells, swept)
        found = _given_away(trial, asked, _published(decisions), grew=bool(swept.added))
        known = len(groups)
        groups, left = _grown(state, groups, left, found, asked.persons)
        if len(groups) == known:
            return Admitted(decisions, replace(trial, groups=groups, left=swept.left), number)
        new = groups.take(np.arange(known, len(groups)))
        products = np.hstack([products, against(state, cells, new, asked.persons)])
    decisions = _with(asked, (Decision.HIDDEN,) * asked.order.size)
    return Admitted(decisions, replace(state, groups=groups, left=left), ROUNDS)


def _widened(state: State, threshold: int) -> State:
    """The state under the larger of its own threshold and another: old pairs are looked through again."""
    if threshold <= state.threshold:
        return state
    told = state.published
    watched = small_pair_sets(
        no_sets(), told, watched=no_sets(), threshold=threshold, persons=max(1, told.least_persons)
    )
    return replace(state, watched=watched, threshold=threshold)


def _asked(state: State, table: Table, threshold: int, generator: np.random.Generator) -> _Asked:
    told = set(state.published.digests)
    decisions: list[Decision | None] = [
        Decision.SMALL if size < threshold else Decision.AGAIN if digest in told else None
        for size, digest in zip(table.cells.sizes, table.cells.digests, strict=True)
    ]
    open_places = [place for place, each in enumerate(decisions) if each is None]
    order = table.in_order(np.array(open_places, dtype=np.int64))
    sets = (state.published, state.groups, table.cells)
    persons = max(1, *(each.least_persons for each in sets))
    new = small_pair_sets(
        state.published,
        table.cells.take(order),
        watched=state.watched,
        threshold=threshold,
        persons=persons,
    )
    vectors = generator.standard_normal((persons, VECTORS))
    return _Asked(table, threshold, persons, vectors, tuple(decisions), order, state.watched.joined(new))


def _small_cells(table: Table, threshold: int) -> PersonSets:
    sizes = table.cells.sizes
    return table.cells.take(np.flatnonzero((sizes > 0) & (sizes < threshold)))


def _grown(
    state: State, groups: PersonSets, left: Floats, more: PersonSets, persons: int
) -> tuple[PersonSets, Floats]:
    """The groups with those of `more` that are not among them, and what is left of each."""
    new = more.take(first_of_each(more, groups.digests))
    return groups.joined(new), np.concatenate([left, left_of(state, new, persons)])


def _with(asked: _Asked, swept: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """The decisions on all cells in the table's order."""
    by_place = dict(zip(asked.order.tolist(), swept, strict=True))
    return tuple(by_place[place] if each is None else each for place, each in enumerate(asked.decisions))


def _published(decisions: tuple[Decision, ...]) -> Flags:
    return np.array([each.is_published for each in decisions], dtype=np.bool_)


def _after(state: State, asked: _Asked, cells: Candidates, swept: Swept) -> State:
    """The state with what a sweep published; its groups are still to come."""
    added = np.array(swept.added, dtype=np.int64)
    implied = [place for place, each in enumerate(swept.decisions) if each is Decision.IMPLIED]
    told = cells.cells.take(np.concatenate([added, np.array(implied, dtype=np.int64)]))
    return replace(
        state,
        published=state.published.joined(told.take(first_of_each(told))),
        independent=np.concatenate([state.independent, len(state.published) + np.arange(added.size)]),
        factor=extended(state.factor, cells.across[:, added].T, swept.corner),
        watched=asked.tested,
    )


def _given_away(trial: State, asked: _Asked, is_published: Flags, *, grew: bool) -> PersonSets:
    """The small groups that could be computed once the trial were released (steps 6 and 7).

    Unlisted ones are looked for only when the trial tells anything that did not follow before.
    """
    rest = unexplained(trial.rows.matrix(asked.persons), trial.factor, asked.vectors)
    unlisted = no_sets()
    if grew:
        unlisted = small_unions(trial.rows, rest, threshold=asked.threshold, nothing=NOTHING)
    alone = np.flatnonzero((np.abs(rest) < NOTHING).all(axis=1)).astype(np.int32)
    pairs = np.flatnonzero((np.abs(asked.tested.sums(rest)) < NOTHING).all(axis=1))
    return (
        asked.table.remainders(is_published, asked.threshold)
        .joined(PersonSets.of(alone[:, None]))
        .joined(asked.tested.take(pairs))
        .joined(unlisted)
    )
