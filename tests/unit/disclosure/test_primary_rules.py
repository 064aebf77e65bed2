"""The primary rules on figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.disclosure.policy_parts import GroupDisclosure, Magnitude, Models, Quantiles, Survival
from linkage_engine.disclosure.primary.categories import tells_category
from linkage_engine.disclosure.primary.concentration import (
    Contributions,
    has_too_few,
    is_dominated,
    is_known_too_closely,
    is_unsafe_sum,
)
from linkage_engine.disclosure.primary.models import may_tell_model
from linkage_engine.disclosure.primary.quantiles import may_tell_quantile, to_unit
from linkage_engine.disclosure.primary.survival import Step, steps_to_tell

NO_RULE = Magnitude(nk=(), p_percent=0)


def given(*parts: int) -> Contributions:
    return np.array(parts, dtype=np.int64)


def test_nobody_and_enough_are_not_too_few() -> None:
    assert [has_too_few(given(*[1] * n), 3) for n in (0, 1, 2, 3)] == [False, True, True, False]


def test_eighty_of_a_hundred_is_not_more_than_four_fifths_and_eighty_one_is() -> None:
    assert not is_dominated(given(10, 80, 10), 1, 0.80)
    assert is_dominated(given(10, 81, 9), 1, 0.80)
    assert is_dominated(given(50, 41, 9), 2, 0.90)
    assert not is_dominated(given(50, 40, 10), 2, 0.90)


def test_the_second_largest_knows_the_largest_as_closely_as_the_others_are_small() -> None:
    # of 100 + 50 + 9 the second knows that the largest is at most 109: 9 % off; with 10 it is 10 %
    assert is_known_too_closely(given(50, 9, 100), 10)
    assert not is_known_too_closely(given(50, 10, 100), 10)
    assert is_known_too_closely(given(7), 10)
    assert not is_known_too_closely(given(7), 0)
    assert not is_known_too_closely(given(), 10)


@pytest.mark.parametrize(
    ("parts", "rules", "unsafe"),
    [
        ((), Magnitude(), False),
        ((5, 5), NO_RULE, True),
        ((5, 5, 5), NO_RULE, False),
        ((98, 1, 1), Magnitude(nk=((1, 0.8),), p_percent=0), True),
        ((98, 1, 1), Magnitude(nk=(), p_percent=10), True),
        ((40, 30, 30), Magnitude(), False),
    ],
)
def test_a_sum_is_unsafe_under_any_rule(*, parts: tuple[int, ...], rules: Magnitude, unsafe: bool) -> None:
    assert is_unsafe_sum(given(*parts), threshold=3, rules=rules) is unsafe


def test_ninety_six_of_a_hundred_tell_everybody_s_category_and_ninety_five_do_not() -> None:
    rule = GroupDisclosure()
    assert tells_category([96, 4], rule)
    assert not tells_category([95, 5], rule)
    assert not tells_category([], rule)


@pytest.mark.parametrize(
    ("persons", "quantile", "told"),
    [
        (20, 0.5, True),
        (19, 0.5, False),
        (200, 0.05, True),
        (199, 0.95, False),
        (40, 0.75, True),
        (10_000, 0.0, False),
        (10_000, 1.0, False),
    ],
)
def test_a_quantile_needs_ten_on_each_side(*, persons: int, quantile: float, told: bool) -> None:
    assert may_tell_quantile(persons, quantile, Quantiles()) is told


def test_a_quantile_is_told_to_the_whole_unit() -> None:
    assert [to_unit(value) for value in (2.4, 2.5, 3.5, -0.5)] == [2, 3, 4, 0]


@pytest.mark.parametrize(
    ("records", "coefficients", "levels", "told"),
    [
        (30, 20, [15, 15], True),
        (29, 20, [15, 14], False),
        (30, 30, [30], False),
        (100, 5, [91, 9], False),
        (100, 5, [], True),
    ],
)
def test_a_model_needs_ten_degrees_of_freedom_and_ten_at_every_level(
    *, records: int, coefficients: int, levels: list[int], told: bool
) -> None:
    assert may_tell_model(records=records, coefficients=coefficients, levels=levels, rule=Models()) is told


def test_steps_are_joined_until_five_events_and_end_where_fewer_than_ten_are_at_risk() -> None:
    early = [(5, True)] * 3 + [(40, True)] * 2 + [(45, False)] * 4  # three, then two more by day 60
    later = [(70, True)] * 6 + [(95, True)] * 5 + [(100, False)] * 4
    assert steps_to_tell(early + later, Survival()) == (
        Step(day=60, at_risk=24, events=5),
        Step(day=90, at_risk=15, events=6),
    )


def test_too_few_at_risk_or_too_few_events_have_no_curve() -> None:
    assert steps_to_tell([], Survival()) == ()
    assert steps_to_tell([(3, True)] * 9, Survival()) == ()
    assert steps_to_tell([(3, True)] * 4 + [(3, False)] * 9, Survival()) == ()


def test_an_event_on_the_first_day_is_in_the_first_step() -> None:
    assert steps_to_tell([(0, True)] * 10, Survival()) == ()
    assert steps_to_tell([(0, True)] * 9 + [(1, True)], Survival()) == (Step(30, 10, 10),)
