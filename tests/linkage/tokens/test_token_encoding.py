from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage_engine.contract.profiles import COLUMNS, SERVED, LinkageProfile, column_names
from linkage_engine.contract.refusals import CannotLink, ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS, TokenKind
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.families import BLOCKING, SCALARS
from linkage_engine.pseudonymise.secret import LinkageSecret, derived_key
from linkage_engine.pseudonymise.tokens import encode

SECRET = LinkageSecret(bytes(range(32)))
TOKENS = LinkageProfile.TOKENS
ANN_IN_TOKENS = "a698f1ebbafb7456235a549ace98536640e40d4d25b3b2cf74ecb39c09b92183"
"""SHA-256 of her record in the default profile, filled up with noughts in place of random values."""
ANN: dict[str, str | None] = {
    "nhs_number": "9434765919",
    "given_name": "Ann",
    "middle_name": "Jane",
    "family_name": "Smith",
    "previous_family_name": "Green",
    "date_of_birth": "1951-02-03",
    "sex": "2",
    "postcode": "SW1A 1AA",
    "address": "14 High Street",
}


def tokens_of(*people: Mapping[str, str | None], **options: Any) -> list[dict[str, Any]]:
    encoding = replace(Encoding(SECRET, "cancer-2026", 1), **options)
    fields = [name for name in IDENTIFIER_FIELDS if any(name in person for person in people)]
    table = pa.table({name: pa.array([p.get(name) for p in people], pa.string()) for name in fields})
    rows: list[dict[str, Any]] = encode(table, encoding, random=secrets.token_bytes).to_pylist()
    return rows


def values_of(row: dict[str, Any]) -> set[int]:
    flat = (value if isinstance(value, list) else [value] for value in row.values())
    return {value for values in flat for value in values if value is not None}


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_the_columns_are_those_of_the_contract_and_lists_have_their_fixed_length(
    profile: LinkageProfile,
) -> None:
    people = [ANN, {"given_name": "Bartholomew-Maximilian", "family_name": "Featherstonehaugh", "sex": None}]
    lists = [c for c in COLUMNS[profile] if c.kind is TokenKind.LIST]
    for row in tokens_of(*people, profile=profile):
        assert tuple(row) == column_names(profile)
        assert all(len(row[c.name]) == c.length for c in lists)
        assert all(row[c.name] == sorted(row[c.name]) for c in lists)


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_the_same_person_has_the_same_scalar_tokens_however_written(profile: LinkageProfile) -> None:
    written = ANN | {"given_name": "ANN ", "date_of_birth": "19510203", "postcode": "sw1a1aa", "sex": "F"}
    one, two = tokens_of(ANN, written, profile=profile)
    assert all(one[name] == two[name] is not None for name in SCALARS.keys() & one.keys() - {"dob_swapped"})


def test_a_typing_error_in_a_family_name_leaves_near_tokens_in_common_but_not_the_exact_one() -> None:
    one, two = tokens_of(ANN, ANN | {"family_name": "Smiht"})
    for name in ("near_family_dob", "near_family_postcode", "near_family_given_year"):
        assert set(one[name]) & set(two[name])
    assert one["family_dob"] != two["family_dob"]


def test_a_previous_family_name_meets_the_family_name() -> None:
    married, before = tokens_of(ANN, ANN | {"family_name": "Green", "previous_family_name": None})
    assert set(married["near_family_dob"]) & set(before["near_family_dob"])
    only_previous = tokens_of(ANN | {"family_name": None})[0]
    assert set(only_previous["near_family_dob"]) & set(before["near_family_dob"])


def test_swapped_names_and_swapped_day_and_month_meet() -> None:
    one, two = tokens_of(
        ANN, ANN | {"given_name": "Smith", "family_name": "Ann", "date_of_birth": "1951-03-02"}
    )
    assert one["dob"] == two["dob_swapped"]
    swapped = tokens_of(ANN | {"given_name": "Smith", "family_name": "Ann"})[0]
    assert (one["family_dob"], one["given_dob"]) == (swapped["given_dob"], swapped["family_dob"])


@pytest.mark.parametrize(
    "options",
    [
        {"secret": LinkageSecret(bytes(32))},
        {"project_id": "cancer-2027"},
        {"epoch": 2},
        {"profile": LinkageProfile.TOKENS_STRICT},
        {"profile": LinkageProfile.BLOOM},
    ],
    ids=str,
)
def test_another_secret_project_epoch_or_profile_shares_no_token(options: dict[str, Any]) -> None:
    assert not values_of(tokens_of(ANN)[0]) & values_of(tokens_of(ANN, **options)[0])


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_invalid_identifiers_have_no_token(profile: LinkageProfile) -> None:
    invalid = {"nhs_number": "9434765918", "date_of_birth": "1900-01-01", "postcode": "ZZ99 3VZ", "sex": "9"}
    row = tokens_of(invalid, profile=profile)[0]
    assert all(row[c.name] is None for c in COLUMNS[profile] if c.kind is not TokenKind.LIST)


def test_what_a_record_lacks_is_filled_with_values_that_never_repeat() -> None:
    nobody = tokens_of({"given_name": None}, {"given_name": None})
    one, two = (values_of(row) for row in nobody)
    assert len(one) == len(two) == sum(c.length for c in COLUMNS[TOKENS] if c.kind is TokenKind.LIST)
    assert not one & two


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_families_of_different_label_never_meet(profile: LinkageProfile) -> None:
    ann = {"given_name": "Ann", "family_name": "Ann", "date_of_birth": "1951-03-03", "postcode": "4000"}
    row = tokens_of(ann, profile=profile)[0]
    found = {name: row[name] for name in SCALARS if row.get(name) is not None}
    assert len(set(found.values())) == len({SCALARS[name].label for name in found})


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_every_blocking_family_has_a_place(profile: LinkageProfile) -> None:
    blocking = next(c for c in COLUMNS[profile] if c.name == "blocking")
    assert blocking.length == len(BLOCKING[profile])


def test_the_profile_that_leaves_identifiers_as_they_are_is_refused() -> None:
    with pytest.raises(CannotLink) as refused:
        tokens_of(ANN, profile=LinkageProfile.PLAINTEXT)
    assert refused.value.code is RefusalCode.LINKAGE_PROFILE_NOT_SERVED


@pytest.mark.parametrize("profile", [LinkageProfile.TOKENS, LinkageProfile.TOKENS_STRICT])
def test_a_pair_of_names_is_a_token_only_together_with_something_else(profile: LinkageProfile) -> None:
    elsewhere = {"date_of_birth": "1960-05-06", "postcode": "M1 1AE", "address": "12 Mill Lane"}
    elsewhere |= {"middle_name": "Rose", "nhs_number": "9434765870"}
    one, two = tokens_of(ANN, ANN | elsewhere, profile=profile)
    assert values_of(one) & values_of(two) == {one["sex"]}


def test_under_the_default_profile_date_district_or_initial_is_enough_beside_both_names() -> None:
    moved, district, born, named = tokens_of(
        ANN | {"postcode": "M1 1AE", "middle_name": None, "date_of_birth": "1951-06-07"},
        ANN | {"date_of_birth": None, "postcode": "SW1A 2BB", "middle_name": None},
        ANN | {"date_of_birth": "1960-02-03", "postcode": None, "middle_name": None},
        ANN | {"date_of_birth": None, "postcode": None},
    )
    ann = tokens_of(ANN)[0]
    rows = {"year": moved, "district": district, "month_day": born, "initial": named}
    for end, row in rows.items():
        met = {e for e in rows if row[f"name_pair_{e}"] == ann[f"name_pair_{e}"] is not None}
        assert met == {end}


def test_under_the_strict_profile_a_pair_of_names_is_a_token_only_with_year_or_sector() -> None:
    elsewhere = {"date_of_birth": "1960-05-06", "postcode": "M1 1AE", "address": "12 Mill Lane"}
    elsewhere |= {"middle_name": "Rose"}
    one, two = tokens_of(ANN, ANN | elsewhere, profile=LinkageProfile.TOKENS_STRICT)
    shared = values_of(one) & values_of(two)
    assert shared == {one["nhs_number"], one["sex"]}
    moved = tokens_of(ANN | {"postcode": "M1 1AE"}, profile=LinkageProfile.TOKENS_STRICT)[0]
    assert moved["name_pair_year"] == one["name_pair_year"]
    assert moved["name_pair_sector"] != one["name_pair_sector"]


def test_filters_of_two_spellings_share_most_bits_and_those_of_two_names_few() -> None:
    def bits(name: str) -> int:
        row = tokens_of(ANN | {"family_name": name}, profile=LinkageProfile.BLOOM)[0]
        return sum((row[f"family_filter_{word}"] % 2**64) << 64 * (word - 1) for word in range(1, 5))

    def dice(one: int, two: int) -> float:
        return 2 * (one & two).bit_count() / (one.bit_count() + two.bit_count())

    smith = bits("Smith")
    assert smith == bits("SMITH ")
    assert dice(smith, bits("Smyth")) > 0.6 > dice(smith, bits("Okafor"))


def test_the_tokens_of_the_default_profile_are_those_of_version_two() -> None:
    """Who changes them changes the version label too, so that no delivery of before meets one of after."""
    table = pa.table({name: [text] for name, text in ANN.items()})
    row = encode(table, Encoding(SECRET, "cancer-2026", 1), random=bytes).to_pylist()[0]
    assert hashlib.sha256(json.dumps(row).encode()).hexdigest() == ANN_IN_TOKENS


def test_a_column_that_is_no_identifier_is_refused_without_its_name() -> None:
    with pytest.raises(ExtractRejected) as refused:
        tokens_of_table(pa.table({"diagnosis": ["C50"]}))
    assert refused.value.code is RefusalCode.COLUMNS_DIFFER
    assert "diagnosis" not in str(refused.value)
    with pytest.raises(ExtractRejected):
        tokens_of_table(pa.table({}))


def tokens_of_table(table: pa.Table) -> pa.Table:
    return encode(table, Encoding(SECRET, "p-1", 1), random=secrets.token_bytes)


def test_a_file_without_rows_gives_the_columns_without_rows() -> None:
    found = tokens_of_table(pa.table({"given_name": pa.array([], pa.string())}))
    assert found.num_rows == 0
    assert tuple(found.column_names) == column_names(TOKENS)


def test_a_token_of_three_parts_is_the_documented_construction() -> None:
    def key(size: int, *label: str) -> bytes:
        return derived_key(SECRET, project_id="cancer-2026", epoch=1, label=label, size=size)

    def digest(domain: str, text: str) -> bytes:
        return hmac.digest(key(32, "domain", domain), text.encode(), "sha256")[:8]

    def block(stage: str, left: bytes, right: bytes) -> bytes:
        cipher = Cipher(AES(key(16, "family", "fs ss year", stage)), ECB()).encryptor()
        return (cipher.update(left + right) + cipher.finalize())[:8]

    first = block("0", digest("sound", "A500"), digest("sound", "S530"))
    token = int.from_bytes(block("1", first, digest("year", "1951")), "big", signed=True)
    assert token in tokens_of(ANN)[0]["blocking"]


PEOPLE = st.fixed_dictionaries(
    {}, optional={name: st.none() | st.text(max_size=12) for name in IDENTIFIER_FIELDS}
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PEOPLE.filter(bool), min_size=1, max_size=5))
def test_nothing_but_whole_numbers_comes_out_whatever_goes_in(people: list[dict[str, str | None]]) -> None:
    for row in tokens_of(*people):
        assert all(isinstance(value, int) for value in values_of(row))
    assert len(tokens_of(*people)) == len(people)


def test_rows_keep_their_order() -> None:
    read: Callable[[str], dict[str, str | None]] = lambda given_name: ANN | {"given_name": given_name}  # noqa: E731
    forward = [row["given_dob"] for row in tokens_of(*map(read, "ABCD"))]
    assert [row["given_dob"] for row in tokens_of(*map(read, "DCBA"))] == forward[::-1]


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_words_of_an_address_are_joined_with_no_name(profile: LinkageProfile) -> None:
    """Every John of a town would share a token, and every John of a Road: chained, they are all Johns."""
    apart = {"date_of_birth": "1960-05-06", "postcode": "LS1 4AP"}
    one, two = tokens_of(
        ANN | {"address": "12 Mill Road Leeds"},
        ANN | apart | {"address": "7 Hall Road Leeds"},
        profile=profile,
    )
    assert not set(one["near_address"]) & set(two["near_address"])
