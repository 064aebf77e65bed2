"""A random history release by release: every answer of admission and gate against exact elimination."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage_engine.disclosure.admission.admit import ROUNDS, Admitted, admit
from linkage_engine.disclosure.admission.state import OPEN, State, nothing_released
from linkage_engine.disclosure.admission.table import Decision, Table
from linkage_engine.disclosure.gate import verdict as gate
from linkage_engine.disclosure.gate.release import adds_nothing_small
from linkage_engine.disclosure.history.sets import PersonSets
from tests.property.disclosure_history.exact import Exactly, People, small_parts
from tests.property.disclosure_history.histories import listed, random_tables, sets_of
from tests.property.disclosure_history.mixed import Shape, mixed_tables

HIDDEN_TRIED = 2
"""Of the cells that the last release hides, so many are looked into."""


@dataclass
class Answers:
    """How often something was asked, and how often the answer was wrong: safe, unsafe or none at all."""

    asked: int = 0
    falsely_safe: int = 0
    falsely_unsafe: int = 0
    undecided: int = 0

    def add(self, told: np.ndarray, true: np.ndarray) -> None:
        """Told to be determined, and determined in truth."""
        self.asked += true.size
        self.falsely_safe += int((true & ~told).sum())
        self.falsely_unsafe += int((told & ~true).sum())

    def check(self) -> None:
        """No group is falsely safe, at most one in a thousand is falsely unsafe or not decided."""
        assert self.falsely_safe == 0
        assert (self.falsely_unsafe + self.undecided) * 1_000 <= self.asked


@dataclass
class Tally:
    """Everything that was asked of histories.

    gate: groups, pairs and persons; admission: recorded groups; hidden: cells withheld for a group;
    releases: whether each gives something small away that was not known before, and the gate's
    verdict on it.
    """

    histories: int = 0
    gate: Answers = field(default_factory=Answers)
    admission: Answers = field(default_factory=Answers)
    hidden: Answers = field(default_factory=Answers)
    releases: Answers = field(default_factory=Answers)

    def check(self) -> None:
        """What is promised of each."""
        for each in (self.gate, self.admission, self.hidden, self.releases):
            each.check()


def size_of(seed: int, largest: int) -> int:
    """How many people a history is about."""
    return int(np.random.default_rng([seed, 1]).integers(20, largest))


def follow(
    seed: int, *, largest: int, tables: int, tally: Tally, shapes: tuple[Shape, ...] | None = None
) -> None:
    """Decide on every release of a history and compare all that can be asked after each."""
    persons = size_of(seed, largest)
    threshold = int(np.random.default_rng([seed, 8]).integers(3, 11))
    state, before, small = nothing_released(), Exactly([], persons), dict[People, None]()
    asked = mixed_tables(seed, persons=persons, tables=tables, shapes=shapes)
    for table in asked:
        random = np.random.default_rng([seed, 4])
        done = admit(state, table, threshold=threshold, generator=random)
        truth = Exactly(listed(done.state.published), persons)
        assert done.state.rank == truth.rank
        small |= {each: None for each in listed(table.cells) if 0 < len(each) < threshold}
        _compare_release((state, done.state), (before, truth), list(small), tally)
        if table is asked[-1]:
            _compare_hidden(state, table, done, persons, tally)
        state, before = done.state, truth
    tally.histories += 1


def _compare_release(
    states: tuple[State, State], exactly: tuple[Exactly, Exactly], small: list[People], tally: Tally
) -> None:
    """The recorded groups, all small cells ever asked for, all small parts of all pairs of published sets,
    and every person: before and after a release.
    """
    (past, state), (before, truth) = states, exactly
    recorded = listed(state.groups)
    parts = small + small_parts(listed(state.published), truth.persons, state.threshold)
    true = np.array(truth.determined(recorded + parts), dtype=np.bool_)
    known = np.array(before.determined(recorded + parts), dtype=np.bool_)
    tally.admission.add(state.left <= OPEN, true[: len(recorded)])
    compare_gate(state.published, recorded + parts, truth, true, tally.gate)
    given_away = bool((true & ~known).any() or truth.alone())
    new = state.published.take(np.arange(len(past.published), len(state.published)))
    random = np.random.default_rng(5)
    listed_groups = state.groups.joined(state.watched)
    said = adds_nothing_small(past.published, new, listed_groups, threshold=state.threshold, generator=random)
    tally.releases.add(np.array([said is not gate.Verdict.SAFE]), np.array([given_away]))
    # A release that gives something away is a fault of admission, whatever the gate says of it.
    tally.releases.falsely_safe += given_away


def compare_gate(
    published: PersonSets, groups: list[People], truth: Exactly, true: np.ndarray, answers: Answers
) -> None:
    """The gate's finding on each group and each person."""
    finding = gate.look(published, sets_of(groups), generator=np.random.default_rng([truth.rank, 3]))
    told = np.isin(np.arange(len(groups)), finding.groups)
    everybody = np.arange(truth.persons)
    answers.add(told, true)
    answers.add(np.isin(everybody, finding.persons), np.isin(everybody, truth.alone()))
    answers.undecided += finding.undecided
    if not finding.space.residual <= gate.RESIDUAL:
        answers.undecided += len(groups) + truth.persons


def _compare_hidden(past: State, table: Table, done: Admitted, persons: int, tally: Tally) -> None:
    """A withheld cell with those admitted before it determines a recorded group; without it they do not."""
    if done.rounds == ROUNDS:
        return
    told, groups = listed(past.published), listed(done.state.groups)
    tried = 0
    for place in table.in_order(np.arange(len(table.cells))).tolist():
        decision, cell = done.decisions[place], frozenset(table.cells[place].tolist())
        if decision is Decision.HIDDEN and tried < HIDDEN_TRIED:
            tried += 1
            without, beside = Exactly(told, persons), Exactly([*told, cell], persons)
            tells = set(_places(beside.determined(groups))) - set(_places(without.determined(groups)))
            tally.hidden.add(np.array([True]), np.array([bool(tells)]))
        if decision is Decision.ADMITTED:
            told.append(cell)


def _places(flags: list[bool]) -> list[int]:
    return [place for place, each in enumerate(flags) if each]


def everything_told(histories: int, *, largest: int) -> Answers:
    """What the gate says of histories in which nothing is hidden, against what exact elimination says."""
    answers = Answers()
    for seed in range(histories):
        persons = size_of(seed, largest)
        published, groups = _anything(seed, persons)
        truth = Exactly(listed(published), persons)
        true = np.array(truth.determined(groups), dtype=np.bool_)
        compare_gate(published, groups, truth, true, answers)
    return answers


def _anything(seed: int, persons: int) -> tuple[PersonSets, list[People]]:
    """Cells of several tables with nothing hidden but some lost, and groups of which many are determined."""
    random = np.random.default_rng([seed, 2])
    tables = random_tables(seed, persons=persons, tables=int(random.integers(1, 5)))
    cells = [each for table in tables for each in listed(table.cells) if len(each) > random.integers(0, 8)]
    kept = [each for each in cells if random.random() < 0.8]
    pairs = [(cells[i], cells[j]) for i, j in random.integers(len(cells), size=(60, 2))] if cells else []
    groups = [part for a, b in pairs for part in (a & b, a - b, b - a)]
    groups += [frozenset(random.choice(persons, 3).tolist()) for _ in range(20)]
    groups += [each for each in cells if len(each) < 10]
    return sets_of(kept), [each for each in groups if each]
