"""Means, rates, curves and models: what an attacker who knows every rule learns beyond the told numbers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.rounding import between, three_figures, to_step
from tests.unit.disclosure.statistic_tables import (
    a_model,
    costs,
    costs_of_ill,
    curve,
    falls,
    quantiles,
    told,
)
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE

PEOPLE = st.integers(13, 120)


def text(table: ExactTable) -> str:
    return control(table, DEFAULT, provenance=PROVENANCE).to_json()


@st.composite
def values(draw: st.DrawFn) -> list[int]:
    top = draw(st.sampled_from([3, 10, 50, 4000]))
    people = draw(PEOPLE)
    return draw(st.lists(st.integers(0, top), min_size=people, max_size=people))


def deviation(people: int, total: int, squares: int) -> Fraction:
    variance = Fraction(people * squares - total * total, people * (people - 1))
    return Fraction((Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt())


def totals(average: float, people: int, fewest: int) -> Iterator[int]:
    """Every total of so many whole numbers whose mean is told as this one."""
    reach = int(0.06 * average * people) + people // 10 + 2
    middle = int(average * people)
    for total in range(max(0, middle - reach), middle + reach + 1):
        if to_step(Fraction(total, people), fewest=fewest) == average:
            yield total


def spread_as_told(spread: float, total: int, *, people: int, fewest: int) -> bool:
    """Whether so many whole numbers can have the total and a deviation told as this one.

    Squares of whole numbers are odd where the numbers are, so their sums differ by an even number.
    """
    exactly = Fraction(spread) ** 2 * (people - 1) + Fraction(total * total, people)
    step = 10 ** (1 - len(str(fewest)))
    reach = int(2 * spread * max(step, 0.01 * spread) * people) + 3
    return any(
        (squares - total) % 2 == 0
        and squares * people >= total * total
        and to_step(deviation(people, total, squares), fewest=fewest) == spread
        for squares in range(int(exactly) - reach, int(exactly) + reach + 1)
    )


@given(values=values())
def test_a_mean_leaves_every_number_of_people_that_the_told_count_may_stand_for(values: list[int]) -> None:
    """Mean times people would be the sum, and the sum over the mean the people, were either exact."""
    people, average, _, total = told(costs(values))
    if isinstance(average, CellStatus) or isinstance(people, CellStatus):
        return
    fewest, most = (int(end) for end in between(np.array(int(people)), "midpoint6"))
    assert all(any(totals(average, each, fewest)) or average == 0 for each in range(fewest, most + 1))
    assert total == three_figures(average * people), "the sum says nothing beyond them"


@given(values=values())
def test_mean_and_deviation_together_leave_every_number_of_people(values: list[int]) -> None:
    people, average, spread, _ = told(costs(values))
    if isinstance(average, CellStatus) or isinstance(spread, CellStatus) or average > 60:
        return
    fewest, most = (int(end) for end in between(np.array(int(people)), "midpoint6"))
    for each in range(fewest, most + 1):
        assert any(
            spread_as_told(spread, total, people=each, fewest=fewest)
            for total in totals(average, each, fewest)
        )


def test_a_mean_to_three_figures_alone_would_tell_how_many_people_it_is_of() -> None:
    """30 days of 14 people: 2.14; no other whole number of days over 13 to 18 people is."""
    known = {
        n for n in range(13, 19) for total in range(100) if three_figures(total / n) == three_figures(30 / 14)
    }
    assert known == {14}
    assert told(costs([3, *[2] * 12, 3])) == [15, 2.1, 0.4, 31.5]


@given(population=st.integers(0, 200), ill=st.integers(0, 200))
def test_no_mean_is_told_of_fewer_people_than_a_count_nor_of_nearly_all(population: int, ill: int) -> None:
    few, many = sorted((population, ill))
    row = told(costs_of_ill(many, [100 + each % 7 for each in range(few)]))
    if not isinstance(row[2], CellStatus):
        assert few >= 13
        assert many - few >= 13
    assert isinstance(row[2], CellStatus) is isinstance(row[1], CellStatus)


@given(values=values(), at=st.sampled_from([5, 25, 50, 75, 95]))
def test_ten_people_stand_on_either_side_of_a_told_centile(values: list[int], at: int) -> None:
    (centile,) = told(quantiles(values, at))
    if not isinstance(centile, CellStatus):
        assert sum(each <= centile + 0.5 for each in values) >= 10
        assert sum(each >= centile - 0.5 for each in values) >= 10


@given(
    bins=st.tuples(st.integers(2, 30), st.integers(7, 30), st.integers(0, 20)),
    within=st.lists(st.integers(0, 5), min_size=6, max_size=6),
    days=st.integers(1, 500),
)
def test_rates_of_events_and_people_in_the_same_bins_are_the_same_text(
    bins: tuple[int, int, int], within: list[int], days: int
) -> None:
    """Everybody is followed as long: the exact days would be the exact people."""
    fallen = 6 * bins[0] + 1
    people, events = 6 * (bins[0] + bins[1]) + 1, fallen + 6 * bins[2] + 6
    one = falls(people + within[0], fallen + within[1], events + within[2], days)
    other = falls(people + within[3], fallen + within[4], events + within[5], days)
    assert text(one) == text(other)


COURSES = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 29), st.booleans()), min_size=13, max_size=120)


@given(course=COURSES, at=st.integers(1, 260))
def test_a_curve_does_not_tell_on_which_day_of_an_interval_anything_happened(
    course: list[tuple[int, int, bool]], at: int
) -> None:
    died = [place for place, (_, _, has) in enumerate(course) if has]
    # who leaves alive on the last day of an interval is still in view on it; all leave on the first here
    one = curve([30 * m - (early if has else 29) for m, early, has in course], died, at=at)
    other = curve([30 * m - (0 if has else 29) for m, _, has in course], died, at=at)
    assert text(one) == text(other)


@given(course=COURSES, at=st.integers(30, 260))
def test_no_point_of_a_curve_is_told_of_few_in_view_or_few_to_whom_it_happened(
    course: list[tuple[int, int, bool]], at: int
) -> None:
    days = [30 * month - early for month, early, _ in course]
    died = [place for place, (_, _, has) in enumerate(course) if has]
    _, surviving, fallen = told(curve(days, died, at=at))
    if not isinstance(surviving, CellStatus):
        day = at - at % 30
        assert sum(days[place] <= day for place in died) >= 13
        assert sum(each >= day for each in days) >= 13
        assert 0 <= surviving <= 100
        assert isinstance(fallen, CellStatus) or abs(surviving + fallen - 100) < 0.11


@given(course=COURSES)
def test_a_curve_never_rises(course: list[tuple[int, int, bool]]) -> None:
    days = [30 * month - early for month, early, _ in course]
    died = [place for place, (_, _, has) in enumerate(course) if has]
    points = [told(curve(days, died, at=at))[1] for at in range(30, 241, 30)]
    numbers = [each for each in points if not isinstance(each, CellStatus)]
    assert numbers == sorted(numbers, reverse=True)


@given(value=st.floats(-5, 5), more=st.floats(-1e-5, 1e-5))
def test_a_coefficient_s_figures_beyond_the_third_change_nothing(value: float, more: float) -> None:
    one, other = three_figures(value), three_figures(value + more)
    assert (text(a_model(value=value)) == text(a_model(value=value + more))) is (one == other)


@pytest.mark.parametrize(
    "table",
    [
        costs([*range(10, 210, 10)]),
        costs_of_ill(100, [*range(10, 210, 10)]),
        quantiles(range(1, 201), 50),
        falls(100, 40, 62, 200),
        curve([20] * 40 + [400] * 60, range(40), at=30),
        a_model(),
    ],
    ids=["means", "means of a part", "centiles", "rates", "curves", "models"],
)
def test_of_a_cell_that_the_history_withholds_no_statistic_is_told(table: ExactTable) -> None:
    (first, *_) = control(table, DEFAULT, provenance=PROVENANCE, withheld=[0]).rows
    assert {value.status for value in first.values} == {CellStatus.CONFIDENTIAL}
