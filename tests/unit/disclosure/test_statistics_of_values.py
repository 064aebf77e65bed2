"""Means, deviations, sums and centiles on figures worked by hand."""

from __future__ import annotations

from fractions import Fraction
from statistics import mean, stdev

import pytest

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.disclosure.rounding import to_step
from tests.unit.disclosure.statistic_tables import Told, costs, costs_of_ill, exactly, quantiles, told

C, LOW, HIGH = CellStatus.CONFIDENTIAL, CellStatus.LOW, CellStatus.HIGH
SPREAD = [10 * n for n in range(1, 21)]  # 10 to 200: mean 105, of 20 people


def test_a_mean_is_told_to_three_figures_and_the_sum_is_the_mean_times_the_told_people() -> None:
    values = [1234 + 100 * n for n in range(20)]  # mean 2184, deviation 591.6
    assert told(costs(values)) == [21, 2180, 592, 45_800]
    assert round(mean(values), 1) == 2184
    assert round(stdev(values), 1) == 591.6


def test_a_mean_is_no_finer_than_a_unit_over_the_fewest_people_it_may_be_of() -> None:
    """20 people are told as 21, which may be 19: steps of a tenth, of 100 people steps of a hundredth."""
    few, many = [1, 2, 3, 4] * 5, [1, 2, 3, 4] * 26
    assert told(costs(few))[1:3] == [2.5, 1.1]
    assert told(costs(many))[1:3] == [2.5, 1.12]
    assert to_step(Fraction(2149, 1000), fewest=19) == 2.1
    assert to_step(Fraction(2149, 1000), fewest=99) == 2.1
    assert to_step(Fraction(2149, 1000), fewest=100) == 2.15
    assert to_step(Fraction(99_951, 100), fewest=19) == 1000
    assert to_step(Fraction(0), fewest=19) == 0


@pytest.mark.parametrize(("people", "row"), [(12, [C, C, C, C]), (13, [15, 70, 38.9, 1050])])
def test_a_mean_needs_as_many_people_as_a_count(people: int, row: list[Told]) -> None:
    assert told(costs(SPREAD[:people])) == row


@pytest.mark.parametrize(
    "values",
    [
        [*[1] * 19, 77],  # the largest of 96 gives 80.2 %
        [*[1] * 18, 90, 90],  # two of 198 give 90.9 %
        [0] * 20,  # nothing: the sum is told to everybody
        [50] * 20,  # everybody's own
        [*[50] * 39, 1],  # 97.5 % have one value
    ],
    ids=["one gives most", "two give most", "nothing", "all the same", "nearly all the same"],
)
def test_a_sum_that_gives_somebody_away_hides_mean_deviation_and_sum(values: list[int]) -> None:
    assert told(costs(values))[1:] == [C, C, C]


def test_the_largest_of_a_sum_may_give_four_fifths() -> None:
    assert told(costs([*[1] * 10, *[0] * 9, 40]))[1:] == [2.5, 8.8, 52.5]


@pytest.mark.parametrize(
    ("population", "ill", "row"),
    [
        (100, 12, [99, LOW, LOW, LOW, LOW]),
        (100, 20, [99, 21, 105, 59.2, 2200]),
        (30, 15, [27, C, C, C, C]),
        (32, 20, [33, HIGH, HIGH, HIGH, HIGH]),
    ],
    ids=["few are ill", "enough are", "too few for both sides", "nearly all are"],
)
def test_a_mean_over_a_part_is_told_where_its_people_are(population: int, ill: int, row: list[Told]) -> None:
    assert told(costs_of_ill(population, SPREAD[:ill])) == row


def test_a_centile_lies_between_people_to_the_nearest_unit() -> None:
    """(n - 1) p: of 1 to 200 the median is 100.5, the fifth centile 10.95, the last one 190.05."""
    assert told(quantiles(range(1, 201), 5, 25, 50, 75, 95)) == [11, 51, 101, 150, 190]


@pytest.mark.parametrize(
    ("people", "row"),
    [(200, [11, 101, 190]), (199, [C, 100, C]), (20, [C, 11, C]), (19, [C, C, C]), (12, [C, C, C])],
)
def test_a_centile_needs_ten_people_on_either_side(people: int, row: list[Told]) -> None:
    assert told(quantiles(range(1, people + 1), 5, 50, 95)) == row


def test_a_centile_of_a_value_that_nearly_all_have_is_theirs_unless_it_is_nothing() -> None:
    assert told(quantiles([*[7] * 96, 1, 2, 3, 4], 50)) == [C]
    assert told(quantiles([*[7] * 95, 1, 2, 3, 4, 5], 50)) == [7]
    assert told(quantiles([*[0] * 99, 5], 50)) == [0]


def test_checkers_see_the_exact_numbers() -> None:
    assert list(exactly(costs([1, 2, 6]))) == [3, 3, pytest.approx(stdev([1, 2, 6])), 9]
    assert exactly(costs([5])) == (1, 5, None, 5)
    assert exactly(costs([])) == (0, None, None, None)
    assert list(exactly(costs_of_ill(10, [4, 6]))) == [10, 2, 5, pytest.approx(2**0.5), 10]
    assert exactly(quantiles([1, 2, 4], 50, 25)) == (2, 1.5)
    assert exactly(quantiles([], 50)) == (None,)
    assert exactly(quantiles([7], 25, 50)) == (7, 7)
