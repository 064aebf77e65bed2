"""Every estimator of a table against statsmodels and SciPy, which share nothing with ours but the papers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from linkage_engine.disclosure.intervals import Z, byar, wilson
from linkage_engine.disclosure.primary.survival import Course, exact_point
from linkage_engine.disclosure.statistics.two_lists import chapman, chapman_limits

PEOPLE = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["ill", "dead", "left"])), min_size=2, max_size=80
)


@given(population=st.integers(1, 100_000), share=st.floats(0, 1))
def test_limits_of_a_percentage_are_wilsons(population: int, share: float) -> None:
    count = round(share * population)
    theirs = proportion_confint(count, population, alpha=0.05, method="wilson")
    assert wilson(count, population) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("events", [10, 13, 19, 27, 52, 100, 999, 20_001])
def test_limits_of_events_are_within_half_a_percent_of_the_exact_ones(events: int) -> None:
    """Garwood's by chi-squared, as SciPy has it, and as statsmodels has them; fewer than ten are not told."""
    theirs = confint_poisson(events, 1, method="exact-c", alpha=0.05)
    garwood = stats.chi2.ppf(0.025, 2 * events) / 2, stats.chi2.ppf(0.975, 2 * events + 2) / 2
    assert theirs == pytest.approx(garwood, rel=1e-9)
    assert byar(events) == pytest.approx(theirs, rel=0.005)


def test_the_standard_normal_centile_is_scipys() -> None:
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-12) == Z


def columns(people: list[tuple[int, str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    days = np.array([day for day, _ in people], dtype=np.int64)
    return days, np.array([end == "ill" for _, end in people]), np.array([end == "dead" for _, end in people])


@given(PEOPLE)
def test_survival_is_kaplan_and_meiers(people: list[tuple[int, str]]) -> None:
    days, ill, _ = columns(people)
    curve = SurvfuncRight(days, ill.astype(int))
    found = [
        exact_point(Course(days, ill, np.zeros_like(ill)), until=int(day)).surviving
        for day in curve.surv_times
    ]
    assert found == pytest.approx(list(curve.surv_prob), abs=1e-12)


@given(PEOPLE)
def test_incidence_is_aalen_and_johansens_where_death_competes(people: list[tuple[int, str]]) -> None:
    days, ill, dead = columns(people)
    if not (ill.any() and dead.any()):  # statsmodels wants both causes
        return
    with np.errstate(divide="ignore", invalid="ignore"):  # its standard error of a last day
        curve = CumIncidenceRight(days, np.where(ill, 1, np.where(dead, 2, 0)))
    found = [exact_point(Course(days, ill, dead), until=int(day)).incidence for day in curve.times]
    assert found == pytest.approx(list(curve.cinc[0]), abs=1e-12)


@given(st.integers(1, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_capture_and_recapture_lies_by_the_log_linear_estimate(both: int, one: int, other: int) -> None:
    """The model of independent lists has (b c) / a unseen; Chapman's is at most a part in a + 1 below."""
    unseen = one * other / both
    theirs = both + one + other + unseen
    ours = chapman(both, one, other)
    assert ours <= theirs + 1e-9
    assert theirs - ours <= (unseen + one + other + 2 * both + 1) / (both + 1) + 1e-9
    low, high = chapman_limits(both, one, other)
    assert low <= ours <= high
