"""A release as an accessible workbook (XLSX): cover, contents, notes, the table, and tidy data.

After the Government Analysis Function's guidance on spreadsheets: one marked table a sheet, from the
first column on, no merged and no empty cells, the sheet's title in its first cell, shorthand in brackets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from service.publication.recipe import citation
from service.publication.released import Released
from service.publication.words import day, heading, question_in_words, shorthand
from service.releases.contents import TABLE
from service.releases.publication import disclosure_statement, number

Rows = Sequence[Sequence[str | float]]
TITLE_ROW, NOTE_ROW, FIRST = 0, 1, 3
"""Title, a sentence of what the sheet holds, how many tables, then the table itself."""
WIDTH = 24
WHOLE_WIDTH = 90


def workbook(released: Released) -> bytes:
    """The workbook; the same release gives the same bytes."""
    target = io.BytesIO()
    with Workbook(target, {"in_memory": True}) as book:
        book.set_properties(
            {"title": released.table.title, "created": released.statement.released_at.replace(tzinfo=None)}
        )
        sheets = {name: book.add_worksheet(name) for name in ("Cover", "Contents", "Notes", "Table", "Data")}
        styles = {
            "title": book.add_format({"bold": True, "font_size": 15}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "head": book.add_format({"text_wrap": True, "valign": "top", "bold": True}),
        }
        _cover(sheets["Cover"], released, styles)
        _table(sheets["Contents"], styles, "Contents", ("Sheet", "What it holds"), _CONTENTS)
        _table(sheets["Notes"], styles, "Notes", ("Shorthand", "Meaning"), _notes(released))
        _table(sheets["Table"], styles, released.table.title, _heads(released), _shown(released))
        header, *rows = csv.reader(io.StringIO(released.files[TABLE].decode(), newline=""))
        _table(sheets["Data"], styles, f"Tidy data: {released.table.title}", header, _tidy(released, rows))
    return target.getvalue()


_CONTENTS = (
    ("Notes", "What each shorthand means"),
    ("Table", "The table, with shorthand in the place of numbers that are not shown"),
    ("Data", "The same for programs: numbers, each beside a column of its status; as in table.csv"),
)


def _cover(sheet: Worksheet, released: Released, styles: dict[str, Any]) -> None:
    statement = released.statement
    lines = (
        f"Released on {day(statement.released_at)} by project {statement.project_id}.",
        *question_in_words(released),
        disclosure_statement(released.table),
        f"Version of the data: {released.record.data_version}",
        f"Cite as: {citation(released)}",
    )
    sheet.set_column(0, 0, WHOLE_WIDTH)
    sheet.write_string(TITLE_ROW, 0, released.table.title, styles["title"])
    for row, line in enumerate(lines, NOTE_ROW):
        sheet.write_string(row, 0, line, styles["wrap"])


def _notes(released: Released) -> Rows:
    return shorthand(released) or (("none", "Every number is shown"),)


def _heads(released: Released) -> list[str]:
    return [*map(heading, released.table.dimensions), *(each.title for each in released.table.measures)]


def _shown(released: Released) -> Rows:
    """Labels, then numbers, or the shorthand in their place."""
    table = released.table
    return [
        [
            *row.labels,
            *(
                float(digits) if (digits := number(value, measure)) else value.status.value
                for value, measure in zip(row.values, table.measures, strict=True)
            ),
        ]
        for row in table.rows
    ]


def _tidy(released: Released, rows: Iterable[Sequence[str]]) -> Rows:
    """The rows of the CSV: blank cells say in words why they are."""
    labels = len(released.table.dimensions)
    return [
        [
            *row[:labels],
            *(
                field
                for digits, status in zip(row[labels::2], row[labels + 1 :: 2], strict=True)
                for field in (float(digits) if digits else status, status or "shown")
            ),
        ]
        for row in rows
    ]


def _table(sheet: Worksheet, styles: dict[str, Any], title: str, heads: Sequence[str], rows: Rows) -> None:
    sheet.write_string(TITLE_ROW, 0, title, styles["title"])
    sheet.write_string(NOTE_ROW, 0, "This sheet holds one table.")
    sheet.write_string(NOTE_ROW + 1, 0, "Shorthand in brackets is explained on the sheet Notes.")
    unlike = heads if len({head.lower() for head in heads}) == len(heads) else _numbered(heads)
    sheet.add_table(
        FIRST,
        0,
        FIRST + len(rows),
        len(heads) - 1,
        {
            "name": sheet.get_name(),
            "autofilter": False,
            "style": None,
            "columns": [{"header": head, "header_format": styles["head"]} for head in unlike],
        },
    )
    for at, row in enumerate(rows, FIRST + 1):
        for column, field in enumerate(row):
            if isinstance(field, str):
                sheet.write_string(at, column, field, styles["wrap"])
            else:
                sheet.write_number(at, column, field)
    sheet.set_column(0, len(heads) - 1, WIDTH)


def _numbered(heads: Sequence[str]) -> list[str]:
    """A table takes no two columns of one head."""
    return [f"{head} ({place})" for place, head in enumerate(heads, 1)]
