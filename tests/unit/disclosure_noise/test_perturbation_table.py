"""The perturbation table: what is added to a count has the mean, variance and bounds that were asked for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.cellkey.distribution import can_vary, deviations, most_even
from linkage_engine.disclosure.cellkey.table import BITS, PerturbationTable, Row

ASKED = [
    (3.0, 5, 0),
    (2.0, 5, 0),
    (3.0, 5, 2),
    (2.01, 5, 2),
    (1.0, 2, 0),
    (0.5, 3, 0),
    (4.9, 5, 0),
    (9.0, 10, 0),
]


def numbers(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(("variance", "most", "never"), ASKED)
def test_noise_has_mean_zero_exactly_and_the_variance_for_every_count(
    variance: float, most: int, never: int
) -> None:
    table = PerturbationTable.made(variance=variance, max_deviation=most, never_shown=never)
    for count in range(1, 40):
        row = table.row(count)
        assert row.moment(0) == 1
        assert row.moment(1) == 0
        assert abs(row.moment(2) - Fraction(variance)) < Fraction(1, 10**6)


@pytest.mark.parametrize(("variance", "most", "never"), ASKED)
def test_no_result_is_negative_too_far_away_or_one_that_is_never_shown(
    variance: float, most: int, never: int
) -> None:
    table = PerturbationTable.made(variance=variance, max_deviation=most, never_shown=never)
    for count in range(1, 40):
        results = count + table.row(count).added
        assert (np.abs(results - count) <= most).all()
        assert ((results == 0) | (results > never)).all()


def test_no_other_probabilities_with_these_moments_are_more_even() -> None:
    """Their logarithm is a quadratic of the deviation: that of the largest entropy alone is."""
    allowed = deviations(2, max_deviation=5, never_shown=0)
    logs = np.log(most_even(allowed, 3.0))
    assert np.allclose(logs, np.polyval(np.polyfit(allowed, logs, 2), allowed), atol=1e-8)


@pytest.mark.parametrize(
    ("variance", "most", "never"),
    [(5.0, 5, 0), (25.0, 20, 0), (2.0, 5, 2), (0.5, 1, 3), (0.0, 5, 0)],
    ids=["at most", "one cannot vary so much", "one can vary no less", "nothing within reach", "none"],
)
def test_a_variance_that_some_count_cannot_have_is_refused(variance: float, most: int, never: int) -> None:
    with pytest.raises(NotTrusted) as refusal:
        PerturbationTable.made(variance=variance, max_deviation=most, never_shown=never)
    assert refusal.value.code is RefusalCode.PERTURBATION_INVALID


def test_deviations_to_one_side_alone_cannot_have_mean_zero() -> None:
    assert not can_vary(numbers(1, 2), 1.0)


def test_nobody_stays_nobody_whatever_the_key() -> None:
    table = PerturbationTable.made(variance=3.0, max_deviation=5)
    keys = np.arange(0, 1 << BITS, 1 << 20, dtype=np.uint64)
    assert not table.perturbed(np.zeros(keys.size, dtype=np.int64), keys).any()


def test_the_last_bits_of_a_key_choose_what_is_added() -> None:
    row = Row(ends=numbers(1, 3, 4), added=numbers(-1, 0, 2))
    table = PerturbationTable(2, (row,))
    keys = np.array([0, 1, 2, 3, 4, 7], dtype=np.uint64)
    assert table.perturbed(numbers(5, 5, 5, 5, 5, 1), keys).tolist() == [4, 5, 5, 7, 4, 3]


def test_counts_beyond_the_rows_take_the_last_ones_in_turn() -> None:
    rows = tuple(Row(ends=numbers(2), added=numbers(number)) for number in (10, 20, 30))
    table = PerturbationTable(1, rows, period=2)
    counts = numbers(0, 1, 2, 3, 4, 5, 6)
    added = table.perturbed(counts, np.zeros(7, dtype=np.uint64)) - counts
    assert added.tolist() == [0, 10, 20, 30, 20, 30, 20]


@pytest.mark.parametrize(
    ("bits", "ends", "added", "period"),
    [
        (2, numbers(1, 3), numbers(0, 1), 1),
        (2, numbers(1, 5), numbers(0, 1), 1),
        (2, numbers(2, 2, 4), numbers(0, 1, 1), 1),
        (2, numbers(0, 4), numbers(0, 1), 1),
        (2, numbers(4), numbers(-2), 1),
        (2, numbers(4), numbers(0, 1), 1),
        (2, numbers(), numbers(), 1),
        (2, np.array([[4]]), np.array([[0]]), 1),
        (2, np.array([4.0]), numbers(0), 1),
        (0, numbers(1), numbers(0), 1),
        (33, numbers(1 << 33), numbers(0), 1),
        (2, numbers(4), numbers(0), 0),
        (2, numbers(4), numbers(0), 2),
    ],
    ids=[
        "less than all keys", "more than all keys", "an empty step", "nothing at first", "a negative result",
        "another shape", "empty", "two dimensions", "no whole numbers", "no bits", "too many bits",
        "no period", "a longer period",
    ],
)  # fmt: skip
def test_what_is_no_perturbation_table_is_refused(
    bits: int, ends: np.ndarray, added: np.ndarray, period: int
) -> None:
    with pytest.raises(NotTrusted) as refusal:
        PerturbationTable(bits, (Row(ends=ends, added=added),), period=period)
    assert refusal.value.code is RefusalCode.PERTURBATION_INVALID


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(NotTrusted):
        PerturbationTable(2, ())
