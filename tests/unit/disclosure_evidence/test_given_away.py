"""With what a hidden cell would give a group away: the sum that comes to the group, and no more."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.state import nothing_released
from linkage_engine.disclosure.evidence.together import given_away
from tests.property.disclosure_history.exact import Exactly
from tests.property.disclosure_history.histories import listed, random_tables, sets_of
from tests.unit.disclosure_history.test_release import FIRST, ONE_MORE, after, decided


def test_one_person_more_is_given_away_by_the_cell_told_before() -> None:
    past = after(FIRST)
    state = decided(ONE_MORE, past).state
    [given] = given_away(state, sets_of([range(121)]))
    assert given is not None
    assert given.people == 1
    assert [frozenset(state.published[n].tolist()) for n in given.sets] == [frozenset(range(120))]
    assert repr(given) == "GivenAway(withheld)"


def test_several_tables_together_are_all_named() -> None:
    """A whole, and two parts of it that leave five people: with a third part of them the rest is known."""
    state = decided(
        {"Total": range(95)}, after({"Total": range(100)}, {"Total": range(50)}, {"Few": range(95, 100)})
    ).state
    [given] = given_away(state, sets_of([range(50, 95)]))
    assert given is not None
    assert given.people == 5
    wanted = [frozenset(range(100)), frozenset(range(50))]
    assert sorted(map(len, (state.published[n] for n in given.sets))) == sorted(map(len, wanted))


def test_a_set_that_takes_no_part_is_not_named() -> None:
    """The whole less the cell is the group; the half is told too, and overlaps both."""
    state = decided({"Total": range(95)}, after({"Total": range(100)}, {"Half": range(50)})).state
    [given] = given_away(state, sets_of([range(95)]))
    assert given is not None
    assert given.people == 5
    assert [len(state.published[n]) for n in given.sets] == [100]


def test_nothing_is_given_away_where_there_is_nothing_to_protect() -> None:
    assert given_away(nothing_released(), sets_of([range(20)])) == [None]
    assert given_away(after(FIRST).state, sets_of([])) == []


def test_a_set_that_gives_nothing_away_or_is_told_has_no_explanation() -> None:
    state = decided(ONE_MORE, after(FIRST)).state
    assert given_away(state, sets_of([range(200, 260), range(120)])) == [None, None]


def test_the_sum_comes_to_the_group_by_exact_elimination() -> None:
    """Over random histories: the cell and the sets named determine such a group, the sets alone did not."""
    explained = 0
    for seed in range(6):
        state = nothing_released()
        for table in random_tables(seed, persons=300, tables=6):
            done = admit(state, table, threshold=10, generator=np.random.default_rng(seed))
            state = done.state
            hidden = [n for n, each in enumerate(done.decisions) if each.value == "hidden"]
            cells = table.cells.take(np.array(hidden, dtype=np.int64))
            for cell, given in zip(listed(cells), given_away(state, cells), strict=True):
                if given is None:
                    continue
                explained += 1
                named = [frozenset(state.published[n].tolist()) for n in given.sets]
                groups = [each for each in listed(state.groups) if len(each) == given.people]
                with_it = Exactly([*named, cell], 300).determined(groups)
                without = Exactly(named, 300).determined(groups)
                assert any(now and not before for now, before in zip(with_it, without, strict=True))
    assert explained > 10
