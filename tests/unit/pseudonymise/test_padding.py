from __future__ import annotations

import secrets

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage_engine.contract.profiles import COLUMNS, NEAR_LENGTH, LinkageProfile
from linkage_engine.contract.tokens import TokenKind
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.families import NEAR
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.pseudonymise.variants import near

ENCODING = Encoding(LinkageSecret(bytes(32)), "p-1", 1)
LISTS = [c.name for c in COLUMNS[LinkageProfile.TOKENS] if c.kind is TokenKind.LIST]
ANN = {"given_name": "Ann", "family_name": "Lee", "date_of_birth": "1950-03-04", "postcode": "LS1 4AP"}
LEA = ANN | {"family_name": "Leah"}
ONE, TWO = "ab" * 16, "cd" * 16


def encoded(*people: tuple[str, dict[str, str]], key: bytes = bytes(32)) -> list[dict[str, set[int]]]:
    """For each (person key, identifiers) its lists, as a provider with this key fills them up."""
    table = pa.Table.from_pylist([fields for _, fields in people])
    padding = Padding.of(key, [person_key for person_key, _ in people])
    tokens = encode(table, ENCODING, random=secrets.token_bytes, padding=padding)
    return [{name: set(row[name]) for name in LISTS} for row in tokens.to_pylist()]


def test_a_record_that_stays_the_same_has_the_same_lists_whatever_stands_beside_it() -> None:
    (alone,) = encoded((ONE, ANN))
    _, beside = encoded((TWO, LEA), (ONE, ANN))
    assert alone == beside


def test_two_deliveries_of_a_changed_record_have_tokens_in_common_and_no_padding() -> None:
    """What is common to both are spellings that both names are near to, as between two people."""
    (before,), (after,), (other,) = encoded((ONE, ANN)), encoded((ONE, LEA)), encoded((TWO, LEA))
    for name in LISTS:
        if before[name] != after[name]:
            assert before[name] & after[name] == before[name] & other[name]


def test_two_people_with_the_same_identifiers_share_no_padding_of_other_lists() -> None:
    one, two = encoded((ONE, ANN), (TWO, ANN))
    (elsewhere,) = encoded((ONE, ANN), key=bytes(range(32)))
    for name in set(LISTS) - NEAR.keys():
        assert one[name] & two[name] == one[name] & elsewhere[name]
        assert len(one[name]) == len(two[name]) > len(one[name] & two[name])


NAMES = st.text("ABCDEFGHIJ", min_size=1, max_size=NEAR_LENGTH + 2)


@settings(max_examples=30, deadline=None)
@given(NAMES, NAMES)
def test_records_of_one_name_and_anchor_share_the_whole_list_however_long_the_name(
    family: str, given_name: str
) -> None:
    """How many tokens they share is how many a list has: it tells no length."""
    same = ANN | {"family_name": family, "given_name": given_name}
    one, two = encoded((ONE, same), (TWO, same | {"sex": "2"}))
    assert all(one[name] == two[name] for name in NEAR.keys() & one.keys())
    assert all(len(one[name]) == NEAR_LENGTH for name in NEAR.keys() & one.keys())


@settings(max_examples=30, deadline=None)
@given(NAMES, NAMES)
def test_names_share_of_a_list_what_they_share_of_spellings_and_no_padding(one: str, other: str) -> None:
    a, b = encoded((ONE, ANN | {"family_name": one}), (TWO, ANN | {"family_name": other}))
    if one != other:
        spellings = set(near(one)[:NEAR_LENGTH]) & set(near(other)[:NEAR_LENGTH])
        assert len(a["near_family_dob"] & b["near_family_dob"]) == len(spellings)


def test_a_previous_name_takes_the_place_of_padding_and_leaves_the_rest_of_the_list() -> None:
    before, after = encoded(
        (ONE, ANN | {"previous_family_name": ""}), (TWO, ANN | {"previous_family_name": "Oak"})
    )
    assert len(before["near_family_dob"] - after["near_family_dob"]) == 1


def test_lists_without_a_token_share_nothing() -> None:
    nobody = {"sex": "2"}
    one, two = encoded((ONE, nobody), (TWO, nobody))
    assert all(not one[name] & two[name] for name in LISTS)
