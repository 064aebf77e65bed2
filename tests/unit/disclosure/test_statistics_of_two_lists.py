"""Capture and recapture against a second formula, lists in theory and lists that were drawn."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledValue,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.disclosure.statistics.two_lists import TWO_LISTS, chapman, chapman_limits

COUNTS = st.integers(0, 5000)


def number(statistic: Statistic, *numbers: int) -> float | None:
    return TWO_LISTS[statistic].value(*(ControlledValue(value=each) for each in numbers)).value


@given(COUNTS, COUNTS, COUNTS)
def test_the_estimate_is_the_same_in_fractions_and_no_less_than_who_is_known(a: int, b: int, c: int) -> None:
    exact = Fraction((a + b + 1) * (a + c + 1), a + 1) - 1
    assert chapman(a, b, c) == pytest.approx(float(exact), rel=1e-9)
    assert exact >= a + b + c
    low, high = chapman_limits(a, b, c)
    assert a + b + c <= low <= chapman(a, b, c) + 1e-9 <= high + 2e-9


def test_without_bias_where_lists_are_independent_and_large_enough() -> None:
    """Over all lists of 12 and 15 out of 20 the mean is 20: hypergeometric, since 12 + 15 >= 20."""
    people, first, second = 20, 12, 15
    mean = sum(
        Fraction(comb(first, both) * comb(people - first, second - both), comb(people, second))
        * (Fraction((first + 1) * (second + 1), both + 1) - 1)
        for both in range(first + second - people, first + 1)
    )
    assert mean == people


def test_the_limits_hold_the_truth_about_as_often_as_they_say() -> None:
    random, people = np.random.default_rng(7), 2000
    held = 0
    for _ in range(1000):
        one, two = random.random(people) < 0.7, random.random(people) < 0.6
        low, high = chapman_limits(int((one & two).sum()), int((one & ~two).sum()), int((~one & two).sum()))
        held += low <= people <= high
    assert 930 <= held <= 970


def test_the_published_ratio_of_sizes() -> None:
    """1,392,577 on registers beside 1,477,142 in the registry: 94.3 % (NCRAS and Macmillan, end of 2015)."""
    both, registry_only, register_only = 1_300_000, 177_142, 92_577
    assert number(Statistic.SIZE_RATIO, register_only, registry_only, both) == 94.3
    assert number(Statistic.TOGETHER, registry_only, both) == 1_477_142
    assert number(Statistic.SHARE_OF_TWO, registry_only, both) == 88.0
    assert number(Statistic.CHAPMAN, 9, 4, 5) == 24


def test_limits_of_a_share_are_wilsons() -> None:
    """81 of 263: .2553 to .3662 (Newcombe, Statistics in Medicine 17, 1998, table I)."""
    assert number(Statistic.SHARE_OF_TWO_LOWER, 263 - 81, 81) == 25.5
    assert number(Statistic.SHARE_OF_TWO_UPPER, 263 - 81, 81) == 36.6


SHARES = (Statistic.SHARE_OF_TWO, Statistic.SHARE_OF_TWO_LOWER, Statistic.SHARE_OF_TWO_UPPER)


@pytest.mark.parametrize("statistic", list(TWO_LISTS))
def test_what_is_made_of_a_band_is_one_and_of_nobody_in_both_there_is_nothing(statistic: Statistic) -> None:
    """Where few are in the other part alone, nearly all are in the first: their share is high."""
    rule = TWO_LISTS[statistic]
    some = [ControlledValue(value=40)] * (len(rule.made_of) - 1)
    low = ControlledValue(value=None, status=CellStatus.LOW)
    expected = CellStatus.HIGH if statistic in SHARES else CellStatus.LOW
    assert rule.value(low, *some[1:], ControlledValue(value=40)).status is expected
    assert rule.value(*some, ControlledValue(value=0)).status is CellStatus.UNAVAILABLE


@pytest.mark.parametrize(
    ("part", "besides", "share"),
    [
        (CellStatus.LOW, CellStatus.SHOWN, CellStatus.LOW),
        (CellStatus.LOW, CellStatus.HIGH, CellStatus.LOW),
        (CellStatus.LOW, CellStatus.LOW, CellStatus.UNAVAILABLE),
        (CellStatus.SHOWN, CellStatus.LOW, CellStatus.HIGH),
        (CellStatus.HIGH, CellStatus.LOW, CellStatus.HIGH),
        (CellStatus.SHOWN, CellStatus.HIGH, CellStatus.UNAVAILABLE),
        (CellStatus.LOW, CellStatus.CONFIDENTIAL, CellStatus.CONFIDENTIAL),
    ],
)
@pytest.mark.parametrize("statistic", SHARES)
def test_a_share_of_two_bands_says_what_they_say_and_of_few_together_there_is_none(
    statistic: Statistic, part: CellStatus, besides: CellStatus, share: CellStatus
) -> None:
    said = {each: ControlledValue(value=None if each else 40, status=each) for each in CellStatus}
    assert TWO_LISTS[statistic].value(said[besides], said[part]).status is share


def test_each_number_names_the_parts_that_it_is_made_of() -> None:
    measure = PlannedMeasure(
        name="estimated",
        title="Estimate",
        unit="persons",
        statistic=Statistic.CHAPMAN,
        part="both",
        besides="registry_only",
        third="register_only",
    )
    parts = [key[1][0] for key in TWO_LISTS[Statistic.CHAPMAN].sources(measure)]
    assert parts == ["register_only", "registry_only", "both"]
