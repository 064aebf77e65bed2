from __future__ import annotations

from math import exp, fsum, lgamma, log

import pytest

from linkage_engine.disclosure.intervals import byar, wilson


def poisson_at_most(events: int, mean: float) -> float:
    """The probability of no more than so many events, term by term."""
    return fsum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(events + 1))


def exact_poisson(events: int) -> tuple[float, float]:
    """The exact limits of Garwood (Biometrika 28, 1936), by halving."""

    def solved(high_enough_at: int, tail: float, *, below: bool) -> float:
        low, high = 1e-9, 10.0 * events + 20
        for _ in range(200):
            middle = (low + high) / 2
            at_most = poisson_at_most(high_enough_at, middle)
            too_low = (1 - at_most < tail) if below else (at_most > tail)
            low, high = (middle, high) if too_low else (low, middle)
        return low

    lower = 0.0 if events == 0 else solved(events - 1, 0.025, below=True)
    return lower, solved(events, 0.025, below=False)


@pytest.mark.parametrize(
    ("events", "limits"),
    [(0, (0, 3.689)), (1, (0.02532, 5.572)), (10, (4.795, 18.39)), (100, (81.36, 121.6))],
)
def test_the_exact_limits_are_those_of_the_tables(events: int, limits: tuple[float, float]) -> None:
    """So the series above is right: limits as printed in tables of the Poisson distribution, four figures."""
    assert exact_poisson(events) == pytest.approx(limits, rel=5e-4)


@pytest.mark.parametrize("events", [9, 10, 15, 21, 27, 50, 100, 333, 999])
def test_byar_is_near_the_exact_limits(events: int) -> None:
    lower, upper = byar(events)
    exact_lower, exact_upper = exact_poisson(events)
    assert lower == pytest.approx(exact_lower, rel=5e-3)
    assert upper == pytest.approx(exact_upper, rel=5e-3)


def test_byar_of_none_starts_at_none_and_ends_near_the_exact_limit() -> None:
    lower, upper = byar(0)
    assert lower == 0
    assert upper == pytest.approx(exact_poisson(0)[1], rel=0.01)


def test_byar_gives_published_figures() -> None:
    """phindicatormethods, of the Office for Health Improvement and Disparities, tests for this limit."""
    assert byar(100)[0] == pytest.approx(81.36210549052788, rel=1e-12)


@pytest.mark.parametrize(
    ("count", "population", "limits"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_gives_published_figures(count: int, population: int, limits: tuple[float, float]) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(count, population) == pytest.approx(limits, abs=5e-5)


@pytest.mark.parametrize("population", [1, 15, 999])
def test_wilson_stays_between_nothing_and_everything(population: int) -> None:
    assert wilson(0, population)[0] == 0
    assert wilson(population, population)[1] == pytest.approx(1)
    assert wilson(population, population)[1] <= 1
