"""Strata of those compared with, drawn as ages from young to old; at least ten people and events."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.disclosure.reference import exact_rates, expected, safe_rates
from tests.unit.disclosure.emergency_tables import KIND, a_reference, tally

NONE = float("nan")


def rates(persons: list[int], events: list[int], days: list[int], *, sexes: int = 1) -> list[float]:
    made = safe_rates(a_reference(persons, events, days, sexes=sexes), KIND, at_least=10)
    return [float(rate) for rate in made]


def test_strata_that_are_large_enough_keep_their_own_rates() -> None:
    assert rates([10, 50], [10, 20], [100, 100]) == [0.1, 0.2]


def test_small_ages_are_joined_from_the_youngest_up() -> None:
    """3 + 8 people; then 10 people alone."""
    assert rates([3, 8, 10], [6, 6, 20], [60, 60, 100]) == [0.1, 0.1, 0.2]


def test_people_alone_or_events_alone_do_not_suffice() -> None:
    assert rates([50, 50, 50], [2, 10, 10], [100, 100, 100]) == [0.06, 0.06, 0.1]
    assert rates([2, 10, 10], [50, 10, 10], [100, 100, 100]) == [0.3, 0.3, 0.1]


def test_what_is_left_over_at_the_oldest_joins_the_ages_before() -> None:
    assert rates([50, 50, 3], [10, 20, 10], [100, 100, 100]) == [0.1, 0.15, 0.15]


def test_a_sex_that_is_too_small_takes_the_rates_of_all_sexes() -> None:
    """The first sex has enough; the second has the ages of both together."""
    made = rates([50, 50, 2, 3], [10, 20, 4, 5], [100, 100, 40, 25], sexes=2)
    assert made == [0.1, 0.2, 14 / 140, 25 / 125]


def test_there_is_no_rate_where_all_together_are_too_few() -> None:
    assert all(np.isnan(rate) for rate in rates([2, 3, 2, 2], [50] * 4, [9] * 4, sexes=2))


def test_nothing_is_expected_where_a_stratum_with_days_has_no_rate() -> None:
    assert expected(tally((1, 0)), np.array([NONE, 0.1])) is None
    assert expected(tally((0, 10)), np.array([NONE, 0.1])) == pytest.approx(1.0)
    assert expected(tally((0, 0)), np.array([NONE, NONE])) == 0


def test_exact_rates_are_each_stratums_own() -> None:
    made = exact_rates(a_reference((1, 1), (1, 0), (8, 0)), KIND)
    assert made[0] == 0.125
    assert np.isnan(made[1])
