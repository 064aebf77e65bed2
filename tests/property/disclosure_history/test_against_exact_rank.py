"""Admission and gate against exact elimination on random histories of mixed shapes."""

from __future__ import annotations

import pytest

from tests.property.disclosure_history.following import Tally, everything_told, follow

QUICK, DEEP = 30, 1_000


def check_releases(histories: int, largest: int) -> None:
    tally = Tally()
    for seed in range(histories):
        follow(seed, largest=largest, tables=5, tally=tally)
    tally.check()


def test_the_gate_says_what_exact_elimination_says_of_everything_told() -> None:
    everything_told(100, largest=70).check()


def test_no_release_gives_anything_small_away_and_every_answer_is_the_exact_one() -> None:
    check_releases(QUICK, largest=120)


@pytest.mark.deep
def test_the_gate_says_what_exact_elimination_says_of_a_thousand_histories() -> None:
    everything_told(DEEP, largest=2_000).check()


@pytest.mark.deep
def test_nor_does_any_release_of_a_thousand_histories() -> None:
    check_releases(DEEP, largest=2_000)
