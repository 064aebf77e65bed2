"""Admission and gate against exact elimination on random histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.state import State, nothing_released
from linkage_engine.disclosure.gate.differences import small_differences as gate_differences
from linkage_engine.disclosure.gate.release import adds_nothing_small
from linkage_engine.disclosure.gate.verdict import DETERMINED, Verdict, look
from linkage_engine.disclosure.history.sets import PersonSets
from tests.property.disclosure_history import exact
from tests.property.disclosure_history.histories import listed, random_tables, sets_of

QUICK, DEEP = 100, 1_000


@dataclass
class Tally:
    """Groups by what the gate and exact elimination say of them."""

    tested: int = 0
    falsely_safe: int = 0
    falsely_unsafe: int = 0
    undecided: int = 0


def size_of(seed: int, largest: int) -> int:
    return int(np.random.default_rng([seed, 1]).integers(20, largest))


def anything(seed: int, persons: int) -> tuple[PersonSets, PersonSets]:
    """Cells of several tables with nothing hidden but some lost, and groups of which many are determined."""
    random = np.random.default_rng([seed, 2])
    tables = random_tables(seed, persons=persons, tables=int(random.integers(1, 5)))
    cells = [each for table in tables for each in listed(table.cells) if len(each) > random.integers(0, 8)]
    kept = [each for each in cells if random.random() < 0.8]
    pairs = [(cells[i], cells[j]) for i, j in random.integers(len(cells), size=(60, 2))] if cells else []
    groups = [part for a, b in pairs for part in (a & b, a - b, b - a)]
    groups += [frozenset(random.choice(persons, 3).tolist()) for _ in range(20)]
    groups += [each for each in cells if len(each) < 10]
    return sets_of(kept), sets_of(groups)


def compare(seed: int, largest: int, tally: Tally) -> None:
    persons = size_of(seed, largest)
    published, groups = anything(seed, persons)
    finding = look(published, groups, generator=np.random.default_rng([seed, 3]))
    truth = exact.Exactly(listed(published), persons)
    told = np.isin(np.arange(len(groups)), finding.groups)
    told_alone = np.isin(np.arange(persons), finding.persons)
    true = np.array(truth.determined(listed(groups)), dtype=np.bool_)
    true_alone = np.isin(np.arange(persons), truth.alone())
    somebody = groups.sizes > 0
    tally.tested += len(groups) + persons
    tally.falsely_safe += int((true & ~told & somebody).sum() + (true_alone & ~told_alone).sum())
    tally.falsely_unsafe += int((told & ~true).sum() + (told_alone & ~true_alone).sum())
    tally.undecided += finding.undecided
    assert finding.space.rank == truth.rank


def check_gate(histories: int, largest: int) -> None:
    tally = Tally()
    for seed in range(histories):
        compare(seed, largest, tally)
    assert tally.falsely_safe == 0
    assert tally.falsely_unsafe + tally.undecided <= tally.tested / 1_000


def test_the_gate_says_what_exact_elimination_says() -> None:
    check_gate(QUICK, largest=70)


@pytest.mark.deep
def test_the_gate_says_what_exact_elimination_says_of_a_thousand_histories() -> None:
    check_gate(DEEP, largest=2_000)


def check_admission(seed: int, largest: int) -> None:
    """Table after table: nobody is determined, and nothing small that was not determined before the table.

    Small is a recorded group, or a small part of any pair of published sets.
    """
    threshold, persons = 5, size_of(seed, largest)
    state = nothing_released()
    for table in random_tables(seed, persons=persons, tables=6):
        before = exact.Exactly(listed(state.published), persons)
        done = admit(state, table, threshold=threshold, generator=np.random.default_rng([seed, 4]))
        check_release(state, done.state, before)
        state = done.state


def check_release(past: State, state: State, before: exact.Exactly) -> None:
    cells, groups = listed(state.published), listed(state.groups)
    truth = exact.Exactly(cells, before.persons)
    assert state.rank == truth.rank
    determined = truth.determined(groups)
    assert determined == before.determined(groups)
    assert sum(determined) == state.groups_determined
    assert truth.alone() == []
    pairs = exact.small_differences(cells, before.persons, state.threshold)
    assert all(before.determined(sorted(pairs, key=sorted)))
    random = np.random.default_rng(5)
    new = state.published.take(np.arange(len(past.published), len(state.published)))
    assert adds_nothing_small(past.published, new, state.groups, generator=random) is Verdict.SAFE
    space = look(state.published, state.groups, generator=random).space
    found = gate_differences(state.published, space.vectors, threshold=state.threshold, nothing=DETERMINED)
    assert set(listed(found)) == pairs


@pytest.mark.parametrize("seed", range(10))
def test_a_table_determines_nothing_small_that_was_not_determined_before_it(seed: int) -> None:
    check_admission(seed, largest=120)


@pytest.mark.deep
def test_nor_does_any_table_of_a_thousand_histories() -> None:
    for seed in range(DEEP):
        check_admission(seed, largest=300)
