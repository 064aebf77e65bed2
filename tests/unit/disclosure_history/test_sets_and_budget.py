"""Sets of people, cohorts that are too close, and the leverage budget."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.contract.refusals import NotTrusted
from linkage_engine.disclosure.history.cohorts import too_close
from linkage_engine.disclosure.history.leverage import Budget, Leverage, leverage
from linkage_engine.disclosure.history.sets import PersonSets, first_of_each, no_sets
from tests.property.disclosure_history.histories import listed, sets_of


def test_sets_come_back_as_they_were() -> None:
    sets = sets_of([[1, 4], [], [0, 2, 5]])
    assert listed(sets) == [{1, 4}, set(), {0, 2, 5}]
    assert (len(sets), sets.sizes.tolist(), sets.least_persons) == (3, [2, 0, 3], 6)
    assert sets.rows.tolist() == [0, 0, 2, 2, 2]
    assert listed(sets.take(np.array([2, 0, 2]))) == [{0, 2, 5}, {1, 4}, {0, 2, 5}]
    assert listed(sets.joined(sets_of([[3]]))) == [{1, 4}, set(), {0, 2, 5}, {3}]
    assert sets.sums(np.arange(6.0)).tolist() == [5, 0, 7]
    assert no_sets().least_persons == 0


def test_the_same_people_are_one_set() -> None:
    sets = sets_of([[1, 4], [2], [1, 4], [2], [3]])
    assert first_of_each(sets).tolist() == [0, 1, 4]
    assert first_of_each(sets, sets_of([[3]]).digests).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("starts", "members"),
    [
        ([0, 2], [4, 1]),
        ([0, 2], [1, 1]),
        ([0, 1], [1, 2]),
        ([1, 2], [1, 2]),
        ([0, 2, 1], [1]),
        ([], []),
        ([0, 1], [-1]),
    ],
)
def test_what_is_not_sets_is_not_trusted(starts: list[int], members: list[int]) -> None:
    with pytest.raises(NotTrusted):
        PersonSets(np.array(starts, dtype=np.int64), np.array(members, dtype=np.int32))
    with pytest.raises(NotTrusted):
        PersonSets(np.zeros(1, dtype=np.int32), np.empty(0, dtype=np.int32))


def test_nested_cohorts_that_differ_by_a_few_are_too_close() -> None:
    earlier = sets_of([range(95), range(100), range(109), range(110), [*range(1, 100), 200], range(3, 90)])
    assert too_close(np.arange(100, dtype=np.int32), earlier, threshold=10).tolist() == [0, 2]


def learnt(sets: PersonSets, persons: int) -> Leverage:
    return leverage(sets, persons=persons, generator=np.random.default_rng(1))


def test_one_rounded_count_of_ten_gives_little_away() -> None:
    """Of each: 1/4 / (10/4 + 3) = 1/22, the others nothing."""
    found = learnt(sets_of([range(10)]), 1_000)
    assert found.top1 == pytest.approx(1 / 22)
    assert found.mean == pytest.approx(10 / 22 / 1_000, abs=0.01)
    assert not found.is_over(Budget())


def test_ever_more_questions_about_the_same_people_are_over_budget() -> None:
    random = np.random.default_rng(2)
    sets = sets_of(random.choice(40, 20, replace=False) for _ in range(400))
    found = learnt(sets, 40)
    assert found.mean > 0.5
    assert found.is_over(Budget())
    assert Leverage(0.05, 0.6).is_over(Budget())
    assert Leverage(float("nan"), 0.0).is_over(Budget())


def test_a_set_that_is_published_again_tells_nothing_more() -> None:
    once, twice = sets_of([range(10)]), sets_of([range(10), range(10)])
    assert learnt(once, 50) == learnt(twice, 50)


def test_nobody_and_nothing_released_use_no_budget() -> None:
    assert learnt(no_sets(), 0) == learnt(no_sets(), 10) == Leverage(0.0, 0.0)
