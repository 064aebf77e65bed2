from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.link.candidates import LEAST_WORTH, LeftOut, Tokens, candidates, numbered_lists, shared

HELD = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 5)), max_size=40, unique=True)


def tokens(held: list[tuple[int, int]], most: int = 12) -> Tokens:
    records, values = (np.array([pair[i] for pair in held], dtype=np.int64) for i in range(2))
    return Tokens("group", records, values, most)


def pairs(*groups: Tokens) -> list[tuple[int, int]]:
    found = candidates(iter(groups))
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


@given(HELD, HELD)
def test_a_pair_is_looked_at_when_what_it_shares_is_worth_it(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    worth: dict[tuple[int, int], float] = {}
    for held in (one, other):
        for token in {t for _, t in held}:
            who = sorted(r for r, t in held if t == token)
            for pair in combinations(who, 2) if len(who) <= 12 else ():
                worth[pair] = worth.get(pair, 0.0) + 1 / (len(who) - 1)
    expected = sorted(pair for pair, value in worth.items() if value >= LEAST_WORTH - 1e-9)
    assert pairs(tokens(one), tokens(other)) == expected


def test_a_token_of_too_many_records_brings_nobody_together_and_is_counted() -> None:
    found = candidates(iter([tokens([(record, 7) for record in range(13)])]))
    assert (len(found.left), found.left_out) == (0, {"group": LeftOut(tokens=1, records=13)})


def test_what_is_left_out_is_counted_by_group_and_a_record_once() -> None:
    """A stand-in date that everybody has, and two crowded names: the records of both are the same."""
    dates = replace(tokens([(record, 7) for record in range(13)]), group="dob")
    names = replace(tokens([(record, value) for record in range(14) for value in (1, 2)]), group="name")
    rare = replace(tokens([(0, 9), (1, 9)]), group="postcode")
    found = candidates(iter([dates, names, rare]))
    assert found.left_out == {"dob": LeftOut(tokens=1, records=13), "name": LeftOut(tokens=2, records=14)}
    assert len(found.left) == 1


def test_eleven_records_may_share_one_token_and_twelve_may_not() -> None:
    assert len(pairs(tokens([(record, 7) for record in range(11)]))) == 55
    assert pairs(tokens([(record, 7) for record in range(12)])) == []


@given(HELD)
def test_two_records_have_a_number_in_common_when_they_are_a_pair(held: list[tuple[int, int]]) -> None:
    found = candidates(iter([tokens(held)]))
    lists = [set(numbers) for numbers in numbered_lists(found, 15).to_pylist()]
    met = [pair for pair in combinations(range(15), 2) if lists[pair[0]] & lists[pair[1]]]
    assert met == list(zip(found.left.tolist(), found.right.tolist(), strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_no_token_that_is_there_twice_is_lost_and_few_others_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    once, twice = np.split(rng.integers(-(2**62), 2**62, 20_000), [15_000])
    found = shared(np.concatenate([once, twice, twice]))
    assert found[15_000:].all()
    assert found[:15_000].mean() < 0.04


def test_a_hundred_thousand_records_of_one_key_are_one_token_too_many_and_cost_no_pairs() -> None:
    everybody = np.arange(100_000, dtype=np.int64)
    same, own = np.zeros_like(everybody), everybody // 2 + 1
    found = candidates(iter([Tokens("same", everybody, same, 100), Tokens("own", everybody, own, 100)]))
    assert found.left_out == {"same": LeftOut(tokens=1, records=100_000)}
    assert (found.right - found.left == 1).all()
    assert len(found.left) == 50_000
