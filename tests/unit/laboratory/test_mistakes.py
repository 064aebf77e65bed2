"""Mistakes change something, and only a little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from linkage_engine.laboratory.england import mistakes
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.names import other_forms


@pytest.fixture
def dice() -> Dice:
    return Dice(5, block=0, purpose=0)


def _distance(one: str, other: str) -> int:
    """Levenshtein, row by row."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def _many(dice: Dice, text: str) -> Iterator[str]:
    return (mistakes.misspelt(dice, text) for _ in range(2000))


@pytest.mark.parametrize("name", ["Catherine", "Philip", "Smith-Jones", "O'Brien", "Ann"])
def test_a_misspelt_name_is_near_the_name(dice: Dice, name: str) -> None:
    assert max(_distance(name, written) for written in _many(dice, name)) <= 2


def test_names_are_misspelt_in_many_ways(dice: Dice) -> None:
    written = set(_many(dice, "Catherine"))
    assert len(written) > 50
    assert {"Katherine", "Cathrine", "Catehrine"} & written


def test_two_letters_cannot_be_misspelt(dice: Dice) -> None:
    assert set(_many(dice, "Li")) == {"Li"}


def test_everyday_forms_go_both_ways(dice: Dice) -> None:
    assert {mistakes.in_everyday_form(dice, "Robert") for _ in range(50)} == {"Bob", "Rob"}
    assert "Robert" in other_forms()["Bob"]
    assert mistakes.in_everyday_form(dice, "Xanthe") == "Xanthe"


@pytest.mark.parametrize("born", [date(1951, 4, 9), date(2000, 2, 29), date(1999, 12, 31), date(1960, 1, 1)])
def test_a_mistaken_birth_shares_two_parts_or_is_swapped(dice: Dice, born: date) -> None:
    for _ in range(500):
        wrong = mistakes.mistaken_birth(dice, born)
        parts = (wrong.year == born.year) + (wrong.month == born.month) + (wrong.day == born.day)
        swapped = (wrong.month, wrong.day) == (born.day, born.month)
        first = (wrong.year, wrong.month, wrong.day) == (born.year, 1, 1)
        clipped = wrong.day in {1, 28, 29, 30, 31}
        assert parts >= 2 or swapped or first or clipped


def test_day_and_month_are_swapped_among_other_mistakes(dice: Dice) -> None:
    wrong = {mistakes.mistaken_birth(dice, date(1951, 4, 9)) for _ in range(300)}
    assert date(1951, 9, 4) in wrong
    assert date(1951, 1, 1) in wrong
    assert date(1950, 4, 9) in wrong


def test_a_mistyped_number_has_its_digits_in_another_order(dice: Dice) -> None:
    numbers = {mistakes.mistyped_number(dice, "9434765919") for _ in range(100)}
    assert len(numbers) > 5
    assert {tuple(sorted(number)) for number in numbers} == {tuple(sorted("9434765919"))}
