"""Admission: what is told of a table after everything told before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage_engine.contract.refusals import NotTrusted
from linkage_engine.disclosure.admission import admit as admission
from linkage_engine.disclosure.admission.admit import Admitted, admit
from linkage_engine.disclosure.admission.state import State, nothing_released
from linkage_engine.disclosure.admission.table import Decision, Family, Table
from linkage_engine.disclosure.gate.differences import small_differences
from linkage_engine.disclosure.gate.verdict import DETERMINED, Verdict, look
from linkage_engine.disclosure.history.sets import PersonSets, no_sets
from tests.property.disclosure_history.exact import Exactly
from tests.property.disclosure_history.histories import listed, random_tables, sets_of

ADMITTED, AGAIN, HIDDEN = Decision.ADMITTED, Decision.AGAIN, Decision.HIDDEN
IMPLIED, SMALL = Decision.IMPLIED, Decision.SMALL


def table(*cells: range | list[int], families: tuple[Family, ...] = (), dimensions: str = "") -> Table:
    counts = tuple(int(each) for each in dimensions or "1" * len(cells))
    keys = tuple(f"cell {place}" for place in range(len(cells)))
    return Table(sets_of(cells), keys, counts, families)


def asked(state: State, wanted: Table, *, threshold: int = 10) -> Admitted:
    return admit(state, wanted, threshold=threshold, generator=np.random.default_rng(1))


def test_cells_under_the_threshold_are_hidden_and_recorded() -> None:
    done = asked(nothing_released(), table(range(30), range(30, 39)))
    assert done.decisions == (ADMITTED, SMALL)
    assert listed(done.state.groups) == [frozenset(range(30, 39))]


def test_a_cell_without_anybody_is_hidden_and_nobody_to_protect() -> None:
    done = asked(nothing_released(), table([], range(30)))
    assert done.decisions == (SMALL, ADMITTED)
    assert len(done.state.groups) == 0


def test_a_table_about_nobody_changes_nothing() -> None:
    done = asked(nothing_released(), table([]))
    assert done.decisions == (SMALL,)
    assert done.state.rank == 0


def test_a_total_that_would_give_a_small_cell_away_is_hidden() -> None:
    """The site x age, then age: the margin minus its cells is the hidden cell."""
    parts = (range(20), range(20, 40), range(40, 43))
    first = asked(nothing_released(), table(*parts))
    second = asked(first.state, table(range(43), range(20)))
    assert first.decisions == (ADMITTED, ADMITTED, SMALL)
    assert second.decisions == (HIDDEN, AGAIN)


def test_a_set_published_before_is_published_again_whatever_its_name() -> None:
    first = asked(nothing_released(), table(range(30), range(60)))
    second = asked(first.state, table(range(30), range(30, 60)))
    assert second.decisions == (AGAIN, IMPLIED)
    assert second.state.rank == first.state.rank == 2
    assert len(second.state.published) == 3


def test_the_same_set_twice_in_a_table_is_kept_once() -> None:
    done = asked(nothing_released(), table(range(30), range(30), dimensions="01"))
    assert done.decisions == (ADMITTED, IMPLIED)
    assert len(done.state.published) == 1


def test_larger_cells_of_fewer_dimensions_come_first() -> None:
    wanted = table(range(12), range(50), range(14), range(30), range(14), dimensions="21122")
    assert wanted.in_order(np.arange(5)).tolist() == [1, 2, 3, 4, 0]


def test_two_hidden_cells_that_are_few_together_are_protected_together() -> None:
    """Their sum is the total less what is told, although neither of them is known."""
    cells = (range(40), range(20), range(20, 33), range(33, 37), range(37, 40))
    family = Family(0, (1, 2, 3, 4))
    done = asked(nothing_released(), table(*cells, families=(family,), dimensions="01111"))
    assert done.decisions == (ADMITTED, ADMITTED, HIDDEN, SMALL, SMALL)
    assert frozenset(range(33, 40)) in listed(done.state.groups)
    assert done.rounds == 2


def test_a_family_of_which_no_child_is_told_leaves_no_remainder() -> None:
    cells = (range(12), range(6), range(6, 12))
    done = asked(nothing_released(), table(*cells, families=(Family(0, (1, 2)),), dimensions="011"))
    assert done.decisions == (ADMITTED, SMALL, SMALL)
    assert len(done.state.groups) == 2


def test_two_sets_that_differ_by_a_few_are_not_both_told() -> None:
    first = asked(nothing_released(), table(range(50)))
    second = asked(first.state, table(range(3, 50), range(60)))
    assert second.decisions == (HIDDEN, ADMITTED)
    assert listed(second.state.groups) == [frozenset(range(3))]


def test_one_person_is_never_singled_out() -> None:
    """Three sets of which no two differ by one: together they would."""
    first = asked(nothing_released(), table(range(1, 21), range(21, 41)))
    second = asked(first.state, table(range(41)))
    assert second.decisions == (HIDDEN,)
    assert listed(second.state.groups) == [frozenset({0})]


def test_after_eight_rounds_nothing_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ROUNDS", 1)
    first = asked(nothing_released(), table(range(50)))
    second = asked(first.state, table(range(3, 50), range(60), range(50)))
    assert first.decisions == (ADMITTED,)
    assert second.decisions == (HIDDEN, HIDDEN, AGAIN)
    assert second.state.rank == first.state.rank
    assert listed(second.state.groups) == [frozenset(range(3))], "the group stays known"


def test_a_group_that_followed_before_it_was_known_is_counted() -> None:
    first = asked(nothing_released(), table(range(30), range(25)), threshold=5)
    second = asked(first.state, table(range(25, 30)))
    assert second.decisions == (SMALL,)
    assert second.state.groups_determined == 1
    assert asked(second.state, table(range(40))).decisions == (ADMITTED,), "nothing more is lost"


def test_a_whole_and_all_its_parts_but_a_few_people_are_not_all_told() -> None:
    """Each in a table of its own: the few are no cell, no remainder of a table and no part of any pair."""
    parts = range(30), range(30, 60), range(60, 95)
    state = nothing_released()
    for people in (range(100), *parts[:-1]):
        done = asked(state, table(people))
        assert done.decisions == (ADMITTED,)
        state = done.state
    last = asked(state, table(parts[-1]))
    assert last.decisions == (HIDDEN,)
    assert frozenset(range(95, 100)) in listed(last.state.groups)


@pytest.mark.parametrize("sorts", range(1, 10))
def test_nor_when_other_tables_tell_the_few_apart(sorts: int) -> None:
    few = [90 + person for person in range(sorts)]
    apart = [[person, *range(30 * person, 30 * person + 30)] for person in few]
    state = asked(nothing_released(), table(*apart)).state
    for people in (range(90 + sorts), range(45)):
        done = asked(state, table(people))
        assert done.decisions == (ADMITTED,)
        state = done.state
    assert asked(state, table(range(45, 90))).decisions == (HIDDEN,)
    assert asked(state, table(range(500, 540))).decisions == (ADMITTED,)


def tracker(seed: int) -> int:
    """Ten adaptive questions about one person's neighbourhood; how many small differences follow.

    Each asks of a set around the target, of it and of another answered set without a few, and of what the
    two have together and apart.
    """
    random = np.random.default_rng(seed)
    state, persons = nothing_released(), 150
    told = [frozenset(range(persons))]
    for _ in range(10):
        around = frozenset(random.choice(persons, int(random.integers(20, 80)), replace=False).tolist()) | {0}
        near = frozenset(random.choice(sorted(around), int(random.integers(2, 14)), replace=False).tolist())
        other = told[int(random.integers(len(told)))]
        wanted = {
            around: None,
            around - near: None,
            other - near: None,
            other | around: None,
            other ^ around: None,
        }
        cells = [each for each in wanted if each]
        done = asked(state, table(*(sorted(each) for each in cells)))
        told += [cell for cell, each in zip(cells, done.decisions, strict=True) if each.is_published]
        state = done.state
    finding = look(state.published, state.groups, generator=random)
    found = small_differences(state.published, finding.space.vectors, threshold=10, nothing=DETERMINED)
    assert state.rank == Exactly(listed(state.published), persons).rank
    return len(found)


@pytest.mark.parametrize("seed", range(1))
def test_a_tracker_finds_no_small_difference(seed: int) -> None:
    assert tracker(seed) == 0


def test_a_union_gives_an_old_intersection_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pair with the new set is small: only the old pair, tested again, tells.

    Where unions of sorts are not searched for, as in a history too large for it.
    """
    monkeypatch.setattr(admission, "small_unions", lambda *_, **__: no_sets())
    apart = [[person, *range(30 * person, 30 * person + 30)] for person in range(13, 20)]
    first = asked(nothing_released(), table(range(20), range(13, 40), *apart))
    union = table(range(40))
    assert asked(first.state, union).decisions == (HIDDEN,)
    forgetful = replace(first.state, watched=no_sets())
    assert asked(forgetful, union).decisions == (ADMITTED,)


def history(seed: int) -> list[tuple[tuple[Decision, ...], bytes]]:
    state, seen = nothing_released(), []
    for wanted in random_tables(seed, persons=100, tables=3):
        done = asked(state, wanted, threshold=5)
        state = done.state
        seen.append((done.decisions, state.factor.tobytes() + state.left.tobytes()))
    return seen


def test_a_rerun_is_byte_identical() -> None:
    assert history(3) == history(3)


def test_the_vectors_decide_nothing() -> None:
    """Fresh random numbers find the same things."""
    wanted = random_tables(4, persons=200, tables=1)[0]
    answers = {
        admit(nothing_released(), wanted, threshold=5, generator=np.random.default_rng(seed)).decisions
        for seed in range(5)
    }
    assert len(answers) == 1


def test_what_was_committed_can_be_continued() -> None:
    """The state has everything: growing the factor gives the factor of everything."""
    state = nothing_released()
    for wanted in random_tables(5, persons=200, tables=2):
        state = asked(state, wanted, threshold=5).state
    rows = state.rows.matrix(200)
    assert np.allclose(state.factor @ state.factor.T, (rows @ rows.T).toarray())
    assert look(state.published, state.groups, generator=np.random.default_rng(1)).verdict is Verdict.SAFE


def test_nothing_of_it_prints() -> None:
    wanted = table(range(30))
    state = asked(nothing_released(), wanted).state
    assert repr((wanted, state, state.groups)) == "(Table(withheld), State(withheld), PersonSets(withheld))"


@pytest.mark.parametrize(
    ("keys", "counts", "families"),
    [
        (("a", "a"), (1, 1), ()),
        (("a",), (1, 1), ()),
        (("a", "b"), (1,), ()),
        (("a", "b"), (1, 1), (Family(0, (2,)),)),
        (("a", "b"), (1, 1), (Family(-1, (0,)),)),
    ],
)
def test_a_table_that_does_not_fit_is_not_trusted(
    keys: tuple[str, ...], counts: tuple[int, ...], families: tuple[Family, ...]
) -> None:
    with pytest.raises(NotTrusted):
        Table(PersonSets.of([np.arange(3, dtype=np.int32)] * 2), keys, counts, families)
