from __future__ import annotations

import secrets

import pyarrow as pa

from linkage_engine.contract.profiles import COLUMNS, LinkageProfile
from linkage_engine.contract.tokens import TokenKind
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode

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


def test_two_people_with_the_same_identifiers_share_no_padding() -> None:
    one, two = encoded((ONE, ANN), (TWO, ANN))
    (elsewhere,) = encoded((ONE, ANN), key=bytes(range(32)))
    for name in LISTS:
        assert one[name] & two[name] == one[name] & elsewhere[name]
        assert len(one[name]) == len(two[name]) > len(one[name] & two[name])
