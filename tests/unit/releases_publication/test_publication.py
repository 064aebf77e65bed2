from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    Measure,
    Noise,
    RuleFired,
)
from service.releases.publication import MEANINGS, as_csv, as_csvw, as_text, disclosure_statement
from tests.unit.disclosure.emergency_tables import a_cell, controlled

WITHHELD = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)

RECORD = DisclosureRecord(
    policy="nhs-cancer-default",
    policy_version=1,
    policy_sha256="cd" * 32,
    threshold=10,
    effective_threshold=13,
    rounding="midpoint6",
    margins="independent",
    cells=2,
    cells_hidden=1,
    cells_banded=0,
    rules=(),
    specification_sha256="ab" * 32,
    data_version="delivery-set-one",
    history_audited=False,
)

MEASURES = (
    Measure(name="numerator", title="People with a diagnosis", unit="persons"),
    Measure(name="percent", title="Percentage of the population", unit="percent"),
)


def a_row(*labels: str, numbers: tuple[ControlledValue, ...] = (WITHHELD, WITHHELD)) -> ControlledRow:
    return ControlledRow(labels=labels, values=numbers)


def shown(*numbers: float) -> tuple[ControlledValue, ...]:
    return tuple(ControlledValue(value=number) for number in numbers)


def a_table(
    *rows: ControlledRow, dimensions: tuple[str, ...] = ("sex",), title: str = "People"
) -> ControlledTable:
    return ControlledTable(
        title=title, template="prevalence", dimensions=dimensions, measures=MEASURES, rows=rows, record=RECORD
    )


TABLE = a_table(a_row("Male", numbers=shown(99, 9.9)), a_row("Total"))


def read_by(metadata: bytes, text: bytes) -> list[dict[str, Any]]:
    """What a reader gets who trusts the description alone: typed values, null where blank."""
    columns = json.loads(metadata)["tableSchema"]["columns"]
    header, *lines = csv.reader(io.StringIO(text.decode("utf-8"), newline=""))
    assert header == [column["name"] for column in columns]
    return [
        {column["name"]: typed(column, field) for column, field in zip(columns, line, strict=True)}
        for line in lines
    ]


def typed(column: dict[str, Any], field: str) -> object:
    if field == column.get("null"):
        return None
    datatype = column["datatype"]
    if datatype == "integer":
        assert re.fullmatch(r"-?\d+", field)
        return int(field)
    if datatype == "decimal":
        assert re.fullmatch(r"-?\d+(\.\d+)?", field)
        return Decimal(field)
    if isinstance(datatype, dict):
        assert re.fullmatch(datatype["format"], field)
    return field


def test_the_csv_is_tidy_with_numbers_and_statuses_apart() -> None:
    assert as_csv(TABLE) == (
        b"sex,numerator,numerator_status,percent,percent_status\nMale,99,,9.9,\nTotal,,[c],,[c]\n"
    )


def test_a_reader_of_the_description_gets_the_table_back() -> None:
    rows = read_by(as_csvw(TABLE, csv_name="table.csv"), as_csv(TABLE))
    assert rows[0] == {
        "sex": "Male",
        "numerator": 99,
        "numerator_status": None,
        "percent": Decimal("9.9"),
        "percent_status": None,
    }
    assert rows[1]["numerator"] is None
    assert rows[1]["numerator_status"] == "[c]"


VALUES = st.one_of(
    st.tuples(st.integers(0, 10**9), st.integers(0, 1000)).map(lambda n: shown(n[0], n[1] / 10)),
    st.sampled_from([s for s in CellStatus if s is not CellStatus.SHOWN]).map(
        lambda status: (ControlledValue(value=None, status=status),) * 2
    ),
)
LABELS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(LABELS, VALUES), max_size=6))
def test_every_table_comes_back_through_its_description(cells: list[tuple[str, Any]]) -> None:
    table = a_table(*(a_row(label, numbers=numbers) for label, numbers in cells))
    back = read_by(as_csvw(table, csv_name="table.csv"), as_csv(table))
    for (label, numbers), row in zip(cells, back, strict=True):
        printable = "".join(c if c.isprintable() else "?" for c in label)
        assert row["sex"] in {printable, f"'{printable}"}
        for name, value in zip(("numerator", "percent"), numbers, strict=True):
            assert row[name] == (None if value.value is None else Decimal(str(value.value)))
            assert (row[f"{name}_status"] or "") == value.status.value


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@sum"])
def test_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(label: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(a_table(a_row(label))).decode(), newline="")))
    assert rows[1][0] == f"'{label}"


@pytest.mark.parametrize("label", ["\tx", "\rx", "\nx", "\x00x"])
def test_control_characters_do_not_reach_the_csv(label: str) -> None:
    assert as_csv(a_table(a_row(label))).splitlines()[1].startswith(b"?x,")


def test_text_is_utf_8_with_line_feeds_and_quoted_where_needed() -> None:
    text = as_csv(a_table(a_row('Brain, "central"'), a_row("Größe")))
    assert b"\r" not in text
    assert b'"Brain, ""central""",' in text
    assert "Größe".encode() in text


def test_a_band_stands_beside_a_blank_number() -> None:
    low, high = (ControlledValue(value=None, status=status) for status in (CellStatus.LOW, CellStatus.HIGH))
    table = a_table(a_row("Male", numbers=(low, low)), a_row("Total", numbers=(high, high)))
    assert as_csv(table).splitlines()[1:] == [b"Male,,[low],,[low]", b"Total,,[high],,[high]"]
    notes = as_text(table).splitlines()[6:8]
    assert [note.split()[0] for note in notes] == ["[low]", "[high]"]


def test_small_decimals_are_written_out() -> None:
    assert b",0.00001," in as_csv(a_table(a_row("Male", numbers=shown(3, 0.00001))))


def test_emergency_care_comes_back_through_its_description() -> None:
    """Expected events have three figures and no more: 12,300, not 12300.0."""
    table = controlled(a_cell(100, 40, 62, label="A"), a_cell(100, 40, 62, days=(4_000_000, 4_150_000)))
    rows = read_by(as_csvw(table, csv_name="table.csv"), as_csv(table))
    assert rows[0]["cases"] == 99
    assert rows[0]["emergency_admission_observed"] == 63
    assert rows[0]["emergency_admission_ratio"] == Decimal("2.1")
    assert str(rows[0]["emergency_admission_expected"]) == "30.0"
    assert str(rows[1]["emergency_admission_expected"]) == "12300"


def test_the_description_says_types_keys_source_and_control() -> None:
    described = json.loads(as_csvw(TABLE, csv_name="table.csv"))
    assert described["@context"][0] == "http://www.w3.org/ns/csvw"
    assert described["url"] == "table.csv"
    assert described["tableSchema"]["primaryKey"] == ["sex"]
    assert described["dc:description"] == disclosure_statement(TABLE)
    assert RECORD.specification_sha256 in described["dc:provenance"]
    assert RECORD.policy_sha256 in described["dc:conformsTo"]
    assert {note["shorthand"] for note in described["notes"]} == {"[c]", "[low]", "[high]", "[z]", "[x]"}


def test_a_table_of_one_cell_has_no_key() -> None:
    table = a_table(a_row(), dimensions=())
    assert "primaryKey" not in json.loads(as_csvw(table, csv_name="table.csv"))["tableSchema"]
    assert as_csv(table).splitlines()[1] == b",[c],,[c]"


def test_every_shorthand_is_explained() -> None:
    assert set(MEANINGS) == set(CellStatus) - {CellStatus.SHOWN}


def test_the_text_shows_columns_in_line_and_explains_what_is_withheld() -> None:
    lines = as_text(TABLE).splitlines()
    assert lines[:5] == [
        "People",
        "",
        "sex    numerator  percent",
        "Male          99      9.9",
        "Total        [c]      [c]",
    ]
    assert lines[6] == "[c] confidential: withheld to protect people"
    assert "[z]" not in as_text(TABLE)
    assert lines[-1] == disclosure_statement(TABLE)


def test_the_text_moves_no_cursor() -> None:
    text = as_text(a_table(a_row("Ma\x1b[2Jle"), title="Peo\rple"))
    assert "Ma?[2Jle" in text
    assert "Peo?ple" in text


def test_the_statement_says_whether_the_history_was_audited() -> None:
    assert "was not audited by machine" in disclosure_statement(TABLE)
    audited = TABLE.model_copy(update={"record": RECORD.model_copy(update={"history_audited": True})})
    assert "was audited against the project's earlier releases" in disclosure_statement(audited)


def test_the_statement_names_threshold_rounding_and_margins() -> None:
    statement = disclosure_statement(TABLE)
    for words in ("fewer than 10", "fewer than 13", "midpoint6", "rows need not add up", "in 1 of 2 cells"):
        assert words in statement


def test_of_exact_numbers_the_statement_says_that_they_are_exact() -> None:
    exact = (RuleFired(rule="count_exact", action="exact", cells=1),)
    record = RECORD.model_copy(update={"rules": exact, "rounding": "none"})
    statement = disclosure_statement(TABLE.model_copy(update={"record": record}))
    assert "Numbers that are shown are exact" in statement
    assert "round" not in statement


def with_noise(noise: Noise) -> str:
    record = RECORD.model_copy(update={"noise": noise, "rounding": "none"})
    return disclosure_statement(TABLE.model_copy(update={"record": record}))


def test_the_statement_of_noise_by_cell_keys_says_how_much_and_that_history_was_audited() -> None:
    statement = with_noise(Noise(mechanism="cell_key", standard_deviation=1.73, max_deviation=5))
    for words in ("fewer than 10", "1.73", "at most 5", "the same people", "rows need not add up", "audited"):
        assert words in statement
    assert "rounded" not in statement


def test_the_statement_of_differential_privacy_names_epsilon_and_what_was_done_after() -> None:
    noise = Noise(mechanism="discrete_laplace", standard_deviation=22.62, epsilon=0.25, labels_per_person=2)
    statement = with_noise(noise)
    for words in ("epsilon 0.25", "22.62", "one person", "at most 2", "Negative", "under 10", "1 of 2 cells"):
        assert words in statement
    assert "audited" not in statement
