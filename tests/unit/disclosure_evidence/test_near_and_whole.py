"""Sets that differ by few people are found, all of them and no others; whole tables are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.earlier import Whole
from linkage_engine.disclosure.cells import Persons
from linkage_engine.disclosure.evidence.near import BLOCK_SETS, Near, near_sets
from linkage_engine.disclosure.evidence.whole import whole
from tests.property.disclosure_history.histories import sets_of

some_sets = st.lists(st.frozensets(st.integers(0, 12), max_size=12), max_size=8)


@given(here=some_sets, there=some_sets, fewer_than=st.integers(1, 8))
def test_the_pairs_found_are_those_that_comparing_all_finds(
    here: list[frozenset[int]], there: list[frozenset[int]], fewer_than: int
) -> None:
    wanted = {
        Near(i, j, len(a - b), len(b - a))
        for i, a in enumerate(here)
        for j, b in enumerate(there)
        if a & b and 0 < len(a ^ b) < fewer_than
    }
    found = list(near_sets(sets_of(here), sets_of(there), fewer_than=fewer_than))
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_more_sets_than_a_block_are_all_compared() -> None:
    here = sets_of([range(20)] * (BLOCK_SETS + 1))
    found = list(near_sets(here, sets_of([range(21)]), fewer_than=3))
    assert [each.here for each in found] == list(range(BLOCK_SETS + 1))
    assert {each.differ for each in found} == {1}


def test_sets_are_near_up_to_one_person_less_than_the_limit() -> None:
    """Of larger, smaller and equal size, at both ends of what is near."""
    here, at = range(100, 150), range(140, 150)
    nine = [range(100, 141), range(100, 159), [*range(104, 150), *range(200, 205)]]
    ten = [range(100, 140), range(100, 160), [*range(105, 150), *range(200, 205)]]
    found = list(near_sets(sets_of([here]), sets_of([*nine, *ten, at]), fewer_than=10))
    assert sorted(pair.there for pair in found) == [0, 1, 2]
    assert {pair.differ for pair in found} == {9}


def people(numbers: range | None) -> Persons | None:
    return None if numbers is None else np.array(numbers, dtype=np.int32)


@pytest.mark.parametrize(
    ("here", "there", "lies"),
    [
        (range(50), range(50), Whole.SAME),
        (range(50), range(4, 53), Whole.NEAR),
        (range(50), range(5, 54), Whole.NEAR),
        (range(50), range(5, 55), Whole.OVERLAPS),
        (range(50), range(60), Whole.WITHIN),
        (range(50), range(80), Whole.WITHIN),
        (range(80), range(50), Whole.CONTAINS),
        (range(50), range(30, 80), Whole.OVERLAPS),
        (range(50), range(50, 90), Whole.APART),
        (range(3), range(3, 6), Whole.APART),
        (None, range(50), Whole.UNTOLD),
        (range(50), None, Whole.UNTOLD),
    ],
)
def test_how_the_people_of_two_tables_lie(here: range | None, there: range | None, lies: Whole) -> None:
    assert whole(people(here), people(there), fewer_than=10) is lies
