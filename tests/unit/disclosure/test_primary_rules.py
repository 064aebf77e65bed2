"""The primary rules on figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.disclosure.cells import Fit
from linkage_engine.disclosure.policy_parts import GroupDisclosure, Magnitude, Models, Quantiles, Survival
from linkage_engine.disclosure.primary.categories import tells_category, tells_value
from linkage_engine.disclosure.primary.concentration import (
    Contributions,
    has_too_few,
    is_dominated,
    is_known_too_closely,
    is_unsafe_sum,
)
from linkage_engine.disclosure.primary.models import may_tell_model
from linkage_engine.disclosure.primary.quantiles import may_tell_quantile, to_unit
from linkage_engine.disclosure.primary.survival import (
    Course,
    Point,
    Step,
    Steps,
    course,
    exact_point,
    points,
)
from linkage_engine.disclosure.rounding import midpoint6

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
    people = given(100, 100, 0)
    assert tells_category(given(95, 96, 0), people, GroupDisclosure()).tolist() == [False, True, False]


def test_everybody_may_be_told_of_where_there_is_no_such_rule() -> None:
    assert not tells_category(given(100), given(100), GroupDisclosure(max_category_share=1.0)).any()


def test_a_value_that_nearly_all_have_tells_theirs_unless_it_is_nothing() -> None:
    rule = GroupDisclosure()
    assert tells_value(given(*[7] * 96, 1, 2, 3, 4), rule)
    assert not tells_value(given(*[7] * 95, 1, 2, 3, 4, 5), rule)
    assert not tells_value(given(*[0] * 99, 1), rule)
    assert tells_value(given(*[1] * 99, 2), rule), "one is something"
    assert not tells_value(given(), rule)


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
    ("fit", "levels", "told"),
    [
        (Fit(30, 20, 25), [15, 15], True),
        (Fit(29, 20, 25), [15, 14], False),
        (Fit(30, 30, 30), [30], False),
        (Fit(100, 5, 6), [91, 9], False),
        (Fit(100, 5, 6), [90, 10], True),
        (Fit(100, 5, 6), [], True),
        (Fit(100, 4, 4), [50, 50], False),
    ],
    ids=[
        "ten left",
        "nine left",
        "none left",
        "nine in a level",
        "ten",
        "no factor",
        "a mean for each pattern",
    ],
)
def test_a_model_needs_ten_degrees_of_freedom_ten_at_every_level_and_fewer_coefficients_than_patterns(
    *, fit: Fit, levels: list[int], told: bool
) -> None:
    assert may_tell_model(fit, levels=levels, rule=Models()) is told


def a_course(*people: tuple[int, bool]) -> Course:
    days, happened = zip(*people, strict=True) if people else ((), ())
    flags = np.array(happened, dtype=np.bool_)
    return Course(given(*days), flags, np.zeros_like(flags))


LATER = [(200, False)] * 20
RULE = Survival()


def told(*people: tuple[int, bool], at_least: int = 10) -> Steps:
    return course(a_course(*people), rule=RULE, at_least=at_least)


def test_the_first_step_has_as_many_events_as_may_be_told_and_later_ones_five() -> None:
    early = [(5, True)] * 6 + [(40, True)] * 4 + [(45, False)] * 4  # six, then four more by day 60
    middle = [(70, True)] * 4 + [(95, True)] * 1 + [(100, False)] * 4  # four by day 90, the fifth by 120
    assert told(*early, *middle, *LATER) == Steps(
        (Step(day=60, at_risk=43, events=10, prevented=0), Step(day=120, at_risk=29, events=5, prevented=0)),
        ends=180,
    )


def test_a_curve_ends_while_ten_are_in_view() -> None:
    people = [(20, True)] * 12 + [(50, True)] * 8
    assert told(*people, *[(60, False)] * 10).ends == 60
    assert told(*people, *[(60, False)] * 9).ends == 30
    assert told(*people, (60, True), *[(60, False)] * 9) == Steps((Step(30, 30, 12, 0),), 30)


def test_too_few_people_or_too_few_events_have_no_step() -> None:
    assert told() == Steps((), 0)
    assert told(*[(3, True)] * 19, *[(99, False)] * 9) == Steps((), 0)
    assert told(*[(3, True)] * 9, *LATER).steps == ()


def test_an_event_on_the_first_day_is_in_the_first_step() -> None:
    assert told(*[(0, True)] * 9, (1, True), *LATER).steps == (Step(30, 30, 10, 0),)


def test_what_prevents_the_event_is_counted_beside_it_and_an_event_counts_first() -> None:
    days = given(*[10] * 24, *[200] * 20)
    happened = np.arange(44) < 12
    prevented = (np.arange(44) >= 10) & (np.arange(44) < 24)
    assert course(Course(days, happened, prevented), rule=RULE, at_least=10).steps == (Step(30, 44, 12, 12),)


# Freireich and others, Blood 21 (1963), as in Kalbfleisch and Prentice: weeks to relapse under 6-MP.
RELAPSED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


@pytest.mark.parametrize("week", PUBLISHED)
def test_the_product_limit_is_the_published_one(week: int) -> None:
    people = a_course(*((each, True) for each in RELAPSED), *((each, False) for each in CENSORED))
    point = exact_point(people, until=week)
    assert point.surviving == pytest.approx(PUBLISHED[week], abs=0.0005)
    assert point.incidence == pytest.approx(1 - point.surviving)


def test_incidence_stops_where_another_event_prevents_it() -> None:
    """Of 10 one dies and one falls ill on each of two days: ill 1/10, then 8/10 free of both times 1/8."""
    days = given(1, 1, 2, 2, *[9] * 6)
    ill, died = np.arange(10) % 2 == 0, np.arange(10) % 2 == 1
    in_time = days < 9
    point = exact_point(Course(days, ill & in_time, died & in_time), until=5)
    assert point.incidence == pytest.approx(0.2)
    assert point.surviving == pytest.approx(9 / 10 * 7 / 8)
    assert 1 - point.surviving > point.incidence, "Kaplan and Meier would say that the dead fell ill later"


def test_points_come_from_rounded_people_and_rounded_totals() -> None:
    """99 of 100; events 13 and 5 more are 15 and 15: the second step does not move."""
    steps = (Step(30, 100, 13, 0), Step(60, 80, 5, 0), Step(90, 70, 7, 0))
    assert points(steps, midpoint6) == (
        Point(30, 1 - 15 / 99, 15 / 99),
        Point(60, 1 - 15 / 99, 15 / 99),
        Point(90, (1 - 15 / 99) * (1 - 12 / 69), 15 / 99 + (1 - 15 / 99) * 12 / 69),
    )


def test_nobody_has_no_point() -> None:
    assert points((), midpoint6) == ()
    assert exact_point(a_course((50, True)), until=20) == Point(20, 1.0, 0.0)


def test_a_course_does_not_print_what_it_holds() -> None:
    assert repr(a_course((1, True))) == "Course(withheld)"
