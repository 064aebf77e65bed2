"""Of a list neither length nor place tells how many tokens are in it or which: it is filled up and sorted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from linkage_engine.contract.profiles import COLUMNS, SERVED, LinkageProfile
from linkage_engine.contract.tokens import TokenKind
from linkage_engine.pseudonymise.batches import key_stream
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode

PEOPLE = 600
SIGNIFICANT = 4.0
"""Standard deviations; keys and chance are fixed, so the test says the same each time."""
LENGTHS = (2, 6, 14)


def people(letters: int) -> pa.Table:
    """Records alike in all but chance, with names of so many letters."""
    chance = np.random.default_rng(letters)
    names = ["".join(word) for word in chance.choice(list("ABCDEFGHIKLMNOPRSTUVWY"), (2 * PEOPLE, letters))]
    days = chance.permutation(20_000)[:PEOPLE].astype("datetime64[D]") - 7000
    return pa.table(
        {
            "given_name": names[:PEOPLE],
            "family_name": names[PEOPLE:],
            "date_of_birth": [str(day) for day in days],
            "postcode": [f"SW{n % 9 + 1}A {n // 9 % 9 + 1}{'ABDEFGHJ'[n % 8]}A" for n in range(PEOPLE)],
            "address": [f"{n} {name} Road" for n, name in enumerate(names[:PEOPLE])],
        }
    )


def lists_of(letters: int, profile: LinkageProfile, seed: int) -> dict[str, NDArray[np.int64]]:
    encoding = Encoding(LinkageSecret(bytes(range(32))), "p-1", 1, profile)
    table = encode(people(letters), encoding, random=key_stream(bytes([seed]) * 32))
    return {
        c.name: table[c.name].combine_chunks().flatten().to_numpy().reshape(-1, c.length)
        for c in COLUMNS[profile]
        if c.kind is TokenKind.LIST
    }


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_a_token_is_found_in_any_place_of_a_list_alike(profile: LinkageProfile) -> None:
    one, two = (lists_of(6, profile, seed) for seed in (1, 2))
    for name, lists in one.items():
        # What is in both encodings of a record is its tokens: what fills them up is new each time.
        tokens = np.array([np.isin(a, b) for a, b in zip(lists, two[name], strict=True)])
        assert tokens.mean() > 0
        expected = tokens.sum() / lists.shape[1]
        away = (tokens.sum(axis=0) - expected) / np.sqrt(max(expected * (1 - tokens.mean()), 1e-9))
        assert tokens.all() or np.abs(away).max() < SIGNIFICANT


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_lists_of_short_and_of_long_names_are_distributed_alike(profile: LinkageProfile) -> None:
    by_length = [lists_of(letters, profile, 1) for letters in LENGTHS]
    for name in by_length[0]:
        for lists in (found[name] for found in by_length):
            assert (lists[:, 1:] > lists[:, :-1]).all()  # sorted, and nothing twice
            # In each place the mean is that of sorted values which are uniform over 64 bits.
            length = lists.shape[1]
            place = np.arange(1, length + 1) / (length + 1)
            deviation = np.sqrt(place * (1 - place) / (length + 2) / PEOPLE)
            means = (lists / 2**64 + 0.5).mean(axis=0)
            assert np.abs((means - place) / deviation).max() < SIGNIFICANT
