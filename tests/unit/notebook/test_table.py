"""A released table as columns, rows, data frames and markup."""

from __future__ import annotations

import csv
import io

import pandas as pd
import polars as pl

from linkage_engine.contract.controlled_table import CellStatus
from service.notebook.table import ROWS_SHOWN, ReleasedTable
from tests.unit.publication.releases import PEOPLE, PREVALENCE, Numbers, a_release

TABLE = ReleasedTable(a_release())


def test_columns_are_those_of_the_csv_file() -> None:
    header, *lines = csv.reader(io.StringIO(TABLE.released.files["table.csv"].decode()))
    assert list(TABLE.columns()) == header
    rows = [[number(field) for field in line] for line in lines]
    assert [
        [number("" if field is None else str(field)) for field in row.values()] for row in TABLE.rows()
    ] == rows


def number(field: str) -> float | str:
    """A number whichever way it is written: 4 and 4.0."""
    return float(field) if field[:1].isdigit() else field


def test_a_number_that_is_not_shown_is_absent_and_says_why() -> None:
    columns = TABLE.columns()
    assert columns["numerator"] == [1200, 1500, None, 2700]
    assert columns["numerator_status"] == ["", "", "[low]", ""]
    assert columns["percent"][0] == 4.0
    assert isinstance(columns["numerator"][0], int)
    assert TABLE.meanings["[c]"].startswith("confidential")


def test_pandas_keeps_whole_numbers_and_absent_ones_apart() -> None:
    frame = TABLE.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert [str(frame[name].dtype) for name in ("sex", "numerator", "percent")] == [
        "string",
        "Int64",
        "Float64",
    ]
    assert frame["numerator"].isna().tolist() == [False, False, True, False]
    assert frame["numerator"].sum() == 5400
    assert frame["numerator_status"].tolist() == ["", "", "[low]", ""]
    assert set(frame["numerator_status"].cat.categories) == set(TABLE.meanings)
    assert frame.attrs == {"title": TABLE.table.title, "citation": TABLE.citation}


def test_polars_has_the_same_numbers() -> None:
    frame = TABLE.to_polars()
    assert frame.schema["numerator"] == pl.Int64
    assert frame.schema["percent"] == pl.Float64
    assert frame["numerator"].to_list() == TABLE.columns()["numerator"]
    assert frame["numerator_status"].to_list() == TABLE.columns()["numerator_status"]
    assert frame.filter(pl.col("numerator_status") == "[low]").height == 1


def test_a_notebook_shows_shorthand_in_words_and_how_to_cite() -> None:
    shown = TABLE._repr_html_()
    assert '<td class="number">[low]</td>' in shown
    assert "nobody, or too few to tell how many" in shown
    assert "withheld to protect people" in shown
    assert TABLE.citation in shown
    assert "1,200" in shown


def test_no_word_of_a_release_is_markup() -> None:
    numbers: Numbers = {("<script>alert(1)</script>",): PEOPLE["Male",]}
    shown = ReleasedTable(a_release(PREVALENCE, numbers, title="<b>Title</b>"))._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown


def test_of_a_long_table_the_rest_is_counted() -> None:
    numbers: Numbers = {(f"Group {n}",): {} for n in range(ROWS_SHOWN + 3)}
    table = ReleasedTable(a_release(PREVALENCE, numbers))
    assert "3 more rows" in table._repr_html_()
    assert len(list(table.rows())) == ROWS_SHOWN + 3
    assert "more rows" not in TABLE._repr_html_()


def test_a_table_that_hides_nothing_explains_no_shorthand() -> None:
    table = ReleasedTable(a_release(PREVALENCE, {("Male",): PEOPLE["Male",]}))
    hidden = {value.status for row in table.table.rows for value in row.values} - {CellStatus.SHOWN}  # noqa: PD011  # no data frame
    assert ("<dl>" in table._repr_html_()) == bool(hidden)


def test_its_name_is_short_and_its_text_is_the_table() -> None:
    assert (
        repr(TABLE) == f"<ReleasedTable {TABLE.released.statement.release_id}: {TABLE.table.title!r}, 4 rows>"
    )
    assert "[low]" in str(TABLE)
