"""Texts that fool a reader or a spreadsheet are refused in every column of every data set, and counted."""

from __future__ import annotations

import re
from datetime import date

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS, DataSet, Field, FieldType, data_set
from linkage_engine.validate.rows import check

TURNING = tuple(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))
"""Marks that change the direction of the text around them (Unicode UAX #9)."""
UNSEEN = ("\u200b", "\ufeff", "\0", "\x7f", "\u2028")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet computes (OWASP, CSV injection)."""
GOOD = (
    *("0" * 32, "T1", "A1", "1", "A00", "A001", "8500", "A81001", "E01000001", "E56000001", "E54000001"),
    *("E06000001", "2024-04-20", "RXX", "123", "123456", "A", "A00;B01"),
)


def a_good(field: Field) -> str:
    """Some value that the field may have."""
    if field.codes or field.areas:
        return (field.codes or field.areas)[0]
    if field.type is FieldType.DATE:
        return "2020-01-02"
    if field.type is FieldType.YEAR:
        return "1950"
    if field.type is FieldType.INTEGER:
        return str(field.constraints.maximum)
    pattern = field.constraints.pattern
    assert pattern is not None, "a column of free text: say what may stand in it"
    return next(text for text in GOOD if re.fullmatch(pattern, text))


def hostile(good: str) -> list[str]:
    marked = [
        f"{good[:place]}{mark}{good[place:]}" for mark in TURNING + UNSEEN for place in (0, 1, len(good))
    ]
    return [
        *marked,
        *(f"{sign}{good}" for sign in FORMULA),
        f"{good}\t",
        f"{good}\r",
        "=1+1",
        "@SUM(A1)",
        "-1",
    ]


def refused(schema: DataSet, texts: dict[str, list[str]]) -> dict[str, int]:
    """For each column how many of its texts a check refuses, each in a row that is good but for it."""
    good = {field.name: a_good(field) for field in schema.fields}
    rows = [good | {name: text} for name, given in texts.items() for text in given]
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in schema.columns]))
    with duckdb.connect() as connection:
        report = check(connection, table, schema, extract_date=date(2025, 3, 31))
    rules = {"type", "pattern", "list", "area", "range"}
    counts = dict.fromkeys(schema.columns, 0)
    for found in report.findings:
        if found.rule in rules and found.outcome.failed:
            counts[found.field] += found.rows
    return counts


@pytest.mark.parametrize("name", DATA_SETS)
def test_no_column_of_a_data_set_takes_a_text_that_fools_somebody(name: str) -> None:
    schema = data_set(name)
    assert set(refused(schema, {f.name: [a_good(f)] for f in schema.fields}).values()) == {0}
    texts = {field.name: hostile(a_good(field)) for field in schema.fields}
    assert refused(schema, texts) == {column: len(given) for column, given in texts.items()}
