from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.link.candidates import LEAST_WORTH, LeftOut, Tokens, candidates, meetings, numbered_lists

HELD = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 5)), max_size=40, unique=True)


def tokens(held: list[tuple[int, int]], most: int = 12) -> Tokens:
    records, values = (np.array([pair[i] for pair in held], dtype=np.int64) for i in range(2))
    return Tokens("group", records, values, most)


def pairs(*groups: Tokens) -> list[tuple[int, int]]:
    found = candidates([meetings(group) for group in groups])
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
    found = candidates([meetings(tokens([(record, 7) for record in range(13)]))])
    assert (len(found.left), found.left_out) == (0, {"group": LeftOut(tokens=1, records=13)})


def test_what_is_left_out_is_counted_by_group_and_a_record_once() -> None:
    """A stand-in date that everybody has, and two crowded names: the records of both are the same."""
    dates = replace(tokens([(record, 7) for record in range(13)]), group="dob")
    names = replace(tokens([(record, value) for record in range(14) for value in (1, 2)]), group="name")
    rare = replace(tokens([(0, 9), (1, 9)]), group="postcode")
    found = candidates([meetings(group) for group in (dates, names, rare)])
    assert found.left_out == {"dob": LeftOut(tokens=1, records=13), "name": LeftOut(tokens=2, records=14)}
    assert len(found.left) == 1


def test_eleven_records_may_share_one_token_and_twelve_may_not() -> None:
    assert len(pairs(tokens([(record, 7) for record in range(11)]))) == 55
    assert pairs(tokens([(record, 7) for record in range(12)])) == []


@given(HELD)
def test_two_records_have_a_number_in_common_when_they_are_a_pair(held: list[tuple[int, int]]) -> None:
    found = candidates([meetings(tokens(held))])
    lists = [set(numbers) for numbers in numbered_lists(found, 15).to_pylist()]
    met = [pair for pair in combinations(range(15), 2) if lists[pair[0]] & lists[pair[1]]]
    assert met == list(zip(found.left.tolist(), found.right.tolist(), strict=True))


@given(HELD)
def test_equal_tokens_have_one_code_and_those_of_one_record_have_none(held: list[tuple[int, int]]) -> None:
    values = [value for _, value in held]
    codes = meetings(tokens(held)).codes.tolist()
    assert [code >= 0 for code in codes] == [values.count(value) > 1 for value in values]
    told = {(value, code) for value, code in zip(values, codes, strict=True) if code >= 0}
    assert len(told) == len({value for value, _ in told}) == len({code for _, code in told})


def test_a_hundred_thousand_records_of_one_key_are_one_token_too_many_and_cost_no_pairs() -> None:
    everybody = np.arange(100_000, dtype=np.int64)
    same, own = np.zeros_like(everybody), everybody // 2 + 1
    found = candidates(
        [meetings(Tokens(*group, 100)) for group in (("same", everybody, same), ("own", everybody, own))]
    )
    assert found.left_out == {"same": LeftOut(tokens=1, records=100_000)}
    assert (found.right - found.left == 1).all()
    assert len(found.left) == 50_000
