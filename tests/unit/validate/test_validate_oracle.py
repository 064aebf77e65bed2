from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage_engine.catalogue.data_sets import DATA_SETS, Field, FieldRole, FieldType, data_set
from linkage_engine.contract.reports import ValidationClass
from linkage_engine.validate.rows import check

EXTRACT_DATE = date(2025, 3, 31)
ROWS = 25


def read_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


def read_number(shape: str) -> Callable[[str], int | None]:
    return lambda text: int(text) if re.fullmatch(shape, text) else None


READERS: dict[FieldType, Callable[[str], object]] = {
    FieldType.STRING: str,
    FieldType.DATE: read_date,
    FieldType.INTEGER: read_number("-?[0-9]{1,9}"),
    FieldType.YEAR: read_number("[0-9]{4}"),
}


def plainly(field: Field, text: str | None) -> ValidationClass:
    """The class of one value, without SQL."""
    text = (text or "").strip(" ")
    limits = field.constraints
    if not text:
        return ValidationClass.BLANK_MANDATORY if limits.required else ValidationClass.BLANK_OPTIONAL
    value = READERS[field.type](text)
    good = value is not None
    good = good and (limits.pattern is None or re.fullmatch(limits.pattern, text) is not None)
    good = good and (not field.codes or text in field.codes)
    good = good and (not field.areas or text in field.areas)
    good = good and (limits.minimum is None or value >= limits.minimum)  # type: ignore[operator]  # of one type
    good = good and (limits.maximum is None or value <= limits.maximum)  # type: ignore[operator]
    return ValidationClass.VALID if good else ValidationClass.INVALID


def values(field: Field) -> st.SearchStrategy[str | None]:
    """Blanks, anything, and what is nearly right."""
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
    right = st.sampled_from(field.codes or field.areas) if field.codes or field.areas else text
    if field.constraints.pattern and not field.areas:
        right = st.from_regex(field.constraints.pattern, fullmatch=True)
    dates = st.dates(date(1, 1, 1)).map(date.isoformat)
    numbers = st.integers(-(10**10), 10**10).map(str) | st.integers(-5, 2200).map(str)
    return st.none() | st.just("  ") | text | right | right.map(lambda v: f" {v} ") | dates | numbers


@pytest.mark.parametrize("name", DATA_SETS)
@settings(max_examples=4)
@given(data=st.data())
def test_sql_and_plain_python_put_every_value_into_the_same_class(name: str, data: st.DataObject) -> None:
    schema = data_set(name)
    # Of numbers with the same limits one is drawn: a survey has forty, more than an example may hold.
    alike = {
        field.constraints if field.type is FieldType.INTEGER else field.name: field
        for field in schema.fields
        if field.role is not FieldRole.KEY
    }
    fields = list(alike.values())
    columns = {f.name: data.draw(st.lists(values(f), min_size=ROWS, max_size=ROWS)) for f in fields}
    blank = pa.nulls(ROWS, pa.string())
    table = pa.table(
        {c: pa.array(columns[c], pa.string()) if c in columns else blank for c in schema.columns}
    )
    with duckdb.connect() as connection:
        report = check(connection, table, schema, extract_date=EXTRACT_DATE)
    for field in fields:
        found = Counter[ValidationClass]()
        for finding in report.findings:
            if finding.field == field.name and finding.rule != "order":
                found[finding.outcome] += finding.rows
        assert found == Counter(plainly(field, text) for text in columns[field.name]), field.name
