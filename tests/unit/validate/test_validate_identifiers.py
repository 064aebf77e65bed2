from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import COLUMNS, LinkageProfile
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import TokenKind
from linkage_engine.validate.identifiers import check_identifiers

TOKENS = LinkageProfile.TOKENS
SCALAR = next(c for c in COLUMNS[TOKENS] if c.kind is TokenKind.SCALAR)
LIST = next(c for c in COLUMNS[TOKENS] if c.kind is TokenKind.LIST)


def an_identifier_part(rows: int = 2, **changes: Any) -> pa.Table:
    columns: dict[str, Any] = {"person_key": pa.array([f"{n:032x}" for n in range(rows)], pa.string())}
    for column in COLUMNS[TOKENS]:
        if column.kind is TokenKind.SCALAR:
            columns[column.name] = pa.array([None, *range(1, rows)][:rows], pa.int64())
        else:
            lists = [None, *[list(range(column.length))] * rows][:rows]
            columns[column.name] = pa.array(lists, pa.list_(pa.int64()))
    return pa.table(columns | changes)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_part_of_the_right_form_passes(rows: int) -> None:
    check_identifiers(an_identifier_part(rows), TOKENS)


@pytest.mark.parametrize(
    "changes",
    [
        {"surname": pa.array(["a", "b"])},
        {SCALAR.name: pa.array(["1", "2"])},
        {LIST.name: pa.array([1, 2])},
        {LIST.name: pa.array([["1"], ["2"]])},
        {LIST.name: pa.array([[1] * (LIST.length + 1), None], pa.list_(pa.int64()))},
        {LIST.name: pa.array([[None] * LIST.length, None], pa.list_(pa.int64()))},
    ],
)
def test_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_identifiers(an_identifier_part(**changes), TOKENS)
    assert refused.value.code is RefusalCode.COLUMNS_DIFFER


def test_a_missing_token_column_is_refused() -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_identifiers(an_identifier_part().drop_columns([SCALAR.name]), TOKENS)
    assert refused.value.counts == {"missing": 1, "unknown": 0}


@pytest.mark.parametrize(
    ("keys", "counts"),
    [
        ([f"{1:032x}", f"{1:032x}"], {"misshapen": 0, "repeated": 1}),
        ([f"{1:032x}", None], {"misshapen": 1, "repeated": 0}),
        ([f"{1:032x}", "4857773456"], {"misshapen": 1, "repeated": 0}),
        ([f"{1:032x}", f"{10:032X}"], {"misshapen": 1, "repeated": 0}),
        ([f"{1:032x}", f"{1:032x}\n"], {"misshapen": 1, "repeated": 0}),
    ],
)
def test_person_keys_that_are_blank_misshapen_or_repeated_are_refused(
    keys: list[str | None], counts: dict[str, int]
) -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_identifiers(an_identifier_part(person_key=pa.array(keys, pa.string())), TOKENS)
    assert refused.value.code is RefusalCode.PERSON_KEYS_INVALID
    assert refused.value.counts == counts


def test_person_keys_that_are_not_text_are_refused() -> None:
    with pytest.raises(ExtractRejected) as refused:
        check_identifiers(an_identifier_part(person_key=pa.array([1, 2])), TOKENS)
    assert refused.value.code is RefusalCode.PERSON_KEYS_INVALID
