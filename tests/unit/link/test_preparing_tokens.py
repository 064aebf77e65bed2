from __future__ import annotations

import re
from itertools import combinations, count, product
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import COLUMNS, SERVED, LinkageProfile
from linkage_engine.contract.tokens import TokenKind
from linkage_engine.link.candidates import LeftOut
from linkage_engine.link.model import BITS, ELSE, all_of, any_of
from linkage_engine.link.prepare import Prepared
from linkage_engine.link.prepare import prepared as prepared_for
from linkage_engine.link.profiles import FEW, MANY, MODELS

TOKENS = LinkageProfile.TOKENS


def prepared(a: pa.Table, b: pa.Table) -> Prepared:
    return prepared_for(a, b, MODELS[TOKENS])


def part(keys: list[str], **columns: list[Any]) -> pa.Table:
    """An identifier part whose lists hold values of their own, but for the columns given."""
    unique = count((int(keys[0], 36) + 1) * 10**8)
    made: dict[str, pa.Array] = {"person_key": pa.array(keys)}
    for column in COLUMNS[TOKENS]:
        if column.kind is TokenKind.LIST:
            starts = columns.get(column.name, [[] for _ in keys])
            rows = [[*start, *(next(unique) for _ in range(column.length - len(start)))] for start in starts]
            made[column.name] = pa.array(rows, pa.list_(pa.int64()))
        else:
            made[column.name] = pa.array(columns.get(column.name, [None] * len(keys)), pa.int64())
    return pa.table(made)


def test_records_are_ordered_by_person_key_and_numbered_through() -> None:
    ready = prepared(part(["b", "a"]), part(["d", "c"]))
    assert ready.person_keys.to_pylist() == ["a", "b", "c", "d"]
    assert ready.whole["unique_id"].to_pylist() == [0, 1, 2, 3]


def met(a: pa.Table, b: pa.Table) -> list[tuple[int, int]]:
    pairs = prepared(a, b).pairs
    return list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


def test_records_that_share_a_token_are_a_pair_and_have_its_number() -> None:
    a, b = part(["a"], blocking=[[7, 8]]), part(["b", "c"], blocking=[[8, 9], [10, 11]])
    assert met(a, b) == [(0, 1)]
    (records,) = prepared(a, b).parts(10)
    assert records.select(["unique_id", "z"]).to_pylist() == [
        {"unique_id": 0, "z": [0]},
        {"unique_id": 1, "z": [0]},
    ]


def test_parts_have_each_pair_once_and_no_record_without_one() -> None:
    keys = [f"{n:03d}" for n in range(12)]
    ready = prepared(part(keys, blocking=[[7]] * 11 + [[8]]), part(["x"]))
    expected = list(combinations(range(11), 2))
    assert list(zip(ready.pairs.left.tolist(), ready.pairs.right.tolist(), strict=True)) == expected
    parts = [records.select(["unique_id", "z"]).to_pylist() for records in ready.parts(7)]
    assert len(parts) == 8
    found = []
    for rows in parts:
        assert all(row["z"] for row in rows)
        found += [
            (one["unique_id"], other["unique_id"])
            for one, other in combinations(rows, 2)
            for _ in set(one["z"]) & set(other["z"])
        ]
    assert sorted(found) == expected


def test_only_tokens_that_another_record_has_are_compared() -> None:
    ready = prepared(part(["a"], near_address=[[7, 8]]), part(["b"], near_address=[[8, 9]]))
    assert ready.whole["near_address"].to_pylist() == [[0], [0]]


def test_tokens_of_swapped_names_meet() -> None:
    ready = prepared(part(["a"], near_family_dob=[[5]]), part(["b"], near_given_dob=[[5]]))
    assert ready.whole["near_family_dob"].to_pylist() == [[0], []]
    assert ready.whole["near_given_dob"].to_pylist() == [[], [0]]


def test_pairs_of_names_are_one_list_in_which_no_anchor_is_taken_for_another() -> None:
    """A token with the year of birth and one with its day are two things, though each is its first code."""
    near = {"near_family_given_year": [[5]], "near_given_family_month_day": [[6]]}
    other = {"near_given_family_year": [[5]], "near_family_given_month_day": [[6]]}
    both = prepared(part(["a"], **near), part(["b"], **other)).whole["near_pair"].to_pylist()
    assert sorted(both[0]) == sorted(both[1]) == [0, 1]


def test_lists_that_share_a_code_share_a_bit_and_empty_ones_have_none() -> None:
    keys = [f"{n:03d}" for n in range(200)]
    some = [[n % 31, 40 + n % 17] for n in range(200)]
    ready = prepared(part(keys, near_address=some), part(["x"]))
    lists, bits = (ready.whole[name].to_pylist() for name in ("near_address", f"near_address_{BITS}"))
    assert bits[200] == 0
    assert len({bits[n] for n in range(31)}) > 20
    for one, other in combinations(range(200), 2):
        assert bits[one] & bits[other] or not set(lists[one]) & set(lists[other])


@pytest.mark.parametrize(("first", "second"), list(product(("true", "false", "NULL"), repeat=2)))
def test_conditions_one_after_the_other_hold_where_all_at_once_do(first: str, second: str) -> None:
    with duckdb.connect() as connection:
        ask = "SELECT coalesce(({}), false), coalesce(({}), false)"
        either = connection.execute(ask.format(any_of(first, second), f"{first} OR {second}")).fetchone()
        both = connection.execute(ask.format(all_of(first, second), f"{first} AND {second}")).fetchone()
    assert either is not None
    assert both is not None
    assert either[0] == either[1]
    assert both[0] == both[1]


def test_absent_scalars_bring_nobody_together() -> None:
    ready = prepared(part(["a"], nhs_number=[None]), part(["b"], nhs_number=[None]))
    assert list(ready.parts(10)) == []


def test_tokens_of_too_many_records_are_dropped_and_counted() -> None:
    keys = [f"{n:04d}" for n in range(MANY)]
    crowd = part(keys, blocking=[[7]] * len(keys))
    assert prepared(crowd, part(["x"])).pairs.left_out == {}
    ready = prepared(crowd, part(["x"], blocking=[[7]]))
    assert ready.pairs.left_out == {"blocking": LeftOut(1, len(keys) + 1)}
    assert list(ready.parts(10)) == []


def test_a_common_token_is_not_enough_and_two_are() -> None:
    keys = [f"{n:04d}" for n in range(FEW)]
    one, another = part(keys, dob=[7] * FEW), part(keys, dob=[7] * FEW, postcode=[8] * FEW)
    assert met(one, part(["x"])) == []
    assert len(met(another, part(["x"]))) == FEW * (FEW - 1) // 2


def test_a_hundred_thousand_equal_keys_are_one_token_dropped() -> None:
    keys = [f"{n:06d}" for n in range(100_000)]
    ready = prepared(part(keys, dob=[7] * len(keys)), part(["x"], dob=[7]))
    assert (len(ready.pairs.left), ready.pairs.left_out) == (0, {"dob": LeftOut(1, len(keys) + 1)})


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_every_comparison_ends_with_everything_else_and_its_chances_add_up(profile: LinkageProfile) -> None:
    for comparison in MODELS[profile].comparisons:
        assert comparison.levels[-1].sql == ELSE
        assert np.isclose(sum(level.u for level in comparison.levels), 1.0, atol=0.001)
        assert np.isclose(sum(level.m for level in comparison.levels), 1.0, atol=0.01)


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_a_model_names_columns_of_its_profile_only(profile: LinkageProfile) -> None:
    model = MODELS[profile]
    sql = " ".join(c.null_sql + " ".join(level.sql for level in c.levels) for c in model.comparisons)
    named = set(re.findall(r"([a-z0-9_]+)_[lr]\b", sql))
    bits = {f"{name}_{BITS}" for name in model.lists}
    assert named <= {*model.scalars, *model.lists, *bits, "anchor_dob", "anchor_postcode"}
    assert {name for block in model.blocked for name in block.columns} <= set(model.columns)
    lists = {name for columns in model.lists.values() for name in columns}
    assert {*model.scalars, *lists, "blocking"} == set(model.columns)


def test_every_profile_that_is_served_has_a_model() -> None:
    assert set(MODELS) == SERVED
