"""Random histories: tables over a small cohort, and sets of any kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from linkage_engine.disclosure.admission.table import Table
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.laboratory.disclosure.planned import Breakdown, Planned, table_of
from tests.property.disclosure_history.exact import People


def sets_of(people: Iterable[Iterable[int]]) -> PersonSets:
    return PersonSets.of(np.array(sorted(each), dtype=np.int32) for each in people)


def listed(sets: PersonSets) -> list[People]:
    return [frozenset(sets[number].tolist()) for number in range(len(sets))]


def random_tables(seed: int, *, persons: int, tables: int) -> list[Table]:
    """Tables of one to three of five variables, some about one category of another."""
    random = np.random.default_rng(seed)
    bands = [Breakdown(f"v{number}", int(random.integers(2, 9))) for number in range(5)]
    people = {each: random.choice(each.categories, persons, p=_skewed(each, random)) for each in bands}
    made = []
    for _ in range(tables):
        chosen = random.permutation(5)
        about = bands[chosen[4]]
        wanted = Planned(
            breakdowns=tuple(bands[each] for each in chosen[: random.integers(1, 4)]),
            about=(about, int(random.integers(about.categories))) if random.random() < 0.4 else None,
        )
        made.append(table_of(people, wanted))
    return [_shuffled(each, random) for each in made]


def _skewed(band: Breakdown, random: np.random.Generator) -> np.ndarray:
    weights: np.ndarray = random.dirichlet(np.ones(band.categories))
    return weights


def _shuffled(table: Table, random: np.random.Generator) -> Table:
    """The same table; the order of its families means nothing."""
    order = random.permutation(len(table.families))
    return replace(table, families=tuple(table.families[place] for place in order))
