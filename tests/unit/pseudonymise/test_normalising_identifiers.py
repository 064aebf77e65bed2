from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.pseudonymise import normalise

# The example of the NHS Data Dictionary, and numbers worked by hand from its algorithm.
VALID = ["943 476 5919", "943-476-5919", "9434765919", "4010232137"]
INVALID = ["9434765918", "943476591", "94347659190", "1111111111", "0000000000", "ABCDEFGHIJ", ""]


@pytest.mark.parametrize("text", VALID)
def test_a_number_with_its_check_digit_is_an_nhs_number(text: str) -> None:
    assert normalise.nhs_number(text) == text.replace(" ", "").replace("-", "")


@pytest.mark.parametrize("text", INVALID)
def test_a_number_without_its_check_digit_or_with_one_digit_only_is_none(text: str) -> None:
    assert normalise.nhs_number(text) is None


@given(st.from_regex(r"[1-9][0-9]{9}", fullmatch=True), st.integers(0, 9), st.integers(1, 9))
def test_one_changed_digit_is_always_noticed(digits: str, place: int, shift: int) -> None:
    changed = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    assert normalise.nhs_number(digits) is None or normalise.nhs_number(changed) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Smith", "SMITH"),
        ("  o'brien ", "OBRIEN"),
        ("O\u2019Brien", "OBRIEN"),
        ("Smith-Jones", "SMITH JONES"),
        ("Mrs. Zoë", "ZOE"),
        ("Dr", "DR"),
        ("SMITH JNR", "SMITH"),
        ("Łukasz", "LUKASZ"),
        ("Straße", "STRASSE"),
        ("Sørensen", "SORENSEN"),
        ("unknown", None),
        ("Not Known", None),
        ("Baby Jones", None),
        ("Twin Two", None),
        ("123", None),
        ("", None),
    ],
)
def test_names_have_one_spelling(text: str, expected: str | None) -> None:
    assert normalise.name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1951-02-28", "1951-02-28"),
        ("19510228", "1951-02-28"),
        (" 1951-02-28 ", "1951-02-28"),
        ("1952-02-29", "1952-02-29"),
        ("1951-02-29", None),
        ("1951-0228", None),
        ("1900-01-01", None),
        ("18000101", None),
        ("9999-12-31", None),
        ("28/02/1951", None),
        ("", None),
    ],
)
def test_dates_are_days_that_existed_and_no_placeholders(text: str, expected: str | None) -> None:
    assert normalise.date_of_birth(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", "1"), ("2", "2"), ("9", "9"), ("0", "0"), ("f", "2"), ("Male", "1"), ("3", None)],
)
def test_sex_is_one_of_four_codes(text: str, expected: str | None) -> None:
    assert normalise.sex(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sw1a1aa", "SW1A 1AA"),
        ("SW1A  1AA", "SW1A 1AA"),
        ("m1 1ae", "M1 1AE"),
        ("ZZ99 3VZ", None),
        ("ZZ993WZ", None),
        ("SW1A", None),
        ("4053", "4053"),
        ("0000", None),
        ("unknown", None),
    ],
)
def test_postcodes_have_one_spelling_and_pseudo_postcodes_are_none(text: str, expected: str | None) -> None:
    assert normalise.postcode(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Flat 2, 14 High St.", "FLAT 2 14 HIGH STREET"), ("14  HIGH street", "14 HIGH STREET"), (" , ", None)],
)
def test_addresses_are_words_with_the_street_word_written_out(text: str, expected: str | None) -> None:
    assert normalise.address(text) == expected


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    for once in (
        normalise.nhs_number,
        normalise.date_of_birth,
        normalise.sex,
        normalise.postcode,
        normalise.address,
    ):
        found = once(text)
        assert found is None or once(found) == found


@given(st.text(max_size=40))
def test_a_name_holds_words_of_a_to_z_only(text: str) -> None:
    found = normalise.name(text)
    assert found is None or all(
        word.isascii() and word.isalpha() and word.isupper() for word in found.split()
    )
