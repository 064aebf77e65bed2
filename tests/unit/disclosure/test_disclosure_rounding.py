from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.disclosure.rounding import METHODS, midpoint6, nearest5
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told
from tests.unit.disclosure.tables import DEFAULT, HES


def test_midpoint_six_puts_six_counts_on_their_middle() -> None:
    counts = np.array([0, 1, 6, 7, 12, 13, 18, 19, 1_000_002])
    assert midpoint6(counts).tolist() == [0, 3, 3, 9, 9, 15, 15, 21, 999_999]


def test_nearest_five_goes_to_the_nearer_side() -> None:
    assert nearest5(np.array([0, 2, 3, 7, 8, 12, 13, 17])).tolist() == [0, 0, 5, 5, 10, 10, 15, 15]


@pytest.mark.parametrize(
    ("persons", "method", "effective"),
    [
        (10, "midpoint6", 13),
        (7, "midpoint6", 7),
        (13, "midpoint6", 13),
        (14, "midpoint6", 19),
        (8, "nearest5", 8),
        (10, "nearest5", 13),
    ],
)
def test_the_effective_threshold_opens_the_first_bin_wholly_at_or_above(
    persons: int, method: str, effective: int
) -> None:
    assert effective_threshold(persons, method) == effective


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("persons", range(5, 40))
def test_no_count_at_the_effective_threshold_prints_below_the_policys(persons: int, method: str) -> None:
    effective = effective_threshold(persons, method)
    bins = METHODS[method](np.arange(effective + 50))
    assert effective >= persons
    assert bins[effective] > bins[effective - 1], "a bin opens here"
    assert (bins[effective:] >= persons).all()


def test_a_count_of_nobody_is_told_only_where_the_policy_shows_it() -> None:
    counts = np.array([0, 1, 12, 13])
    assert may_be_told(counts, DEFAULT).tolist() == [False, False, False, True]
    assert may_be_told(np.array([0, 1, 7, 8]), HES).tolist() == [True, False, False, True]
