"""NHS numbers that pass the check and belong to nobody."""

from __future__ import annotations

from linkage_engine.laboratory.england.nhs_number import check_digit, nhs_number
from linkage_engine.pseudonymise import normalise


def test_a_published_example_has_its_check_digit() -> None:
    # NHS Data Dictionary, NHS NUMBER: 943 476 5919 is valid.
    assert check_digit("943476591") == 9


def test_every_number_passes_the_check_of_the_providers_tool() -> None:
    numbers = [nhs_number(index) for index in range(0, 10_000_000, 997)]
    assert all(normalise.nhs_number(number) == number for number in numbers)


def test_numbers_start_with_nine_and_do_not_repeat() -> None:
    numbers = {nhs_number(index) for index in range(50_000)}
    assert len(numbers) == 50_000
    assert {number[0] for number in numbers} == {"9"}
