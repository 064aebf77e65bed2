"""A released table as a value: columns, rows, data frames, and how a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage_engine.contract.controlled_table import ControlledTable, ControlledValue, Measure
from service.notebook.frames import as_pandas, as_polars
from service.publication.page import bullets, data_table, paragraph, terms
from service.publication.recipe import citation
from service.publication.released import Released
from service.publication.table_file import STATUS
from service.publication.words import heading, in_digits, shorthand
from service.releases.publication import MEANINGS, WHOLE_UNITS, as_text, disclosure_statement, number

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

ROWS_SHOWN = 60
"""A notebook shows so many rows; the rest is counted."""

Field = str | int | float | None


@dataclass(frozen=True, repr=False)
class ReleasedTable:
    """The table of a verified release; `released` has its statement, question, record and files."""

    released: Released

    @property
    def table(self) -> ControlledTable:
        """The table as disclosure control made it."""
        return self.released.table

    @property
    def citation(self) -> str:
        """How to cite the release, with the digest that tells it from any other."""
        return citation(self.released)

    @property
    def meanings(self) -> Mapping[str, str]:
        """Each status with what it means, in words; `` is a number that is shown."""
        return {"": "shown"} | {status.value: meaning for status, meaning in MEANINGS.items()}

    def columns(self) -> Mapping[str, list[Field]]:
        """Columns by name, as in `table.csv`: labels, then of each measure its numbers and their statuses.

        A number is an int where its unit is whole (persons, events), else a float; None where it is not
        shown. Its status says why; it is blank where the number is shown. Labels have no apostrophe before
        them, which the file has for spreadsheets.
        """
        table = self.table
        labels: dict[str, list[Field]] = {
            name: [row.labels[place] for row in table.rows] for place, name in enumerate(table.dimensions)
        }
        numbers: dict[str, list[Field]] = {}
        for place, measure in enumerate(table.measures):
            cells = [row.values[place] for row in table.rows]  # noqa: PD011  # no data frame
            numbers[measure.name] = [_number(cell, measure) for cell in cells]
            numbers[measure.name + STATUS] = [cell.status.value for cell in cells]
        return labels | numbers

    def rows(self) -> Iterator[Mapping[str, Field]]:
        """The same row by row."""
        columns = self.columns()
        for fields in zip(*columns.values(), strict=True):
            yield dict(zip(columns, fields, strict=True))

    def to_pandas(self) -> pd.DataFrame:
        """A pandas data frame: nullable numbers, statuses as categories, title and citation in `attrs`.

        Raises ModuleNotFoundError where pandas is not installed.
        """
        frame = as_pandas(self.columns(), self._whole(), tuple(self.meanings))
        frame.attrs |= {"title": self.table.title, "citation": self.citation}
        return frame

    def to_polars(self) -> pl.DataFrame:
        """A polars data frame: null where a number is not shown, statuses as an enumeration.

        Raises ModuleNotFoundError where polars is not installed.
        """
        return as_polars(self.columns(), self._whole(), tuple(self.meanings))

    def _whole(self) -> Mapping[str, bool]:
        """Of each measure, whether its numbers are whole."""
        return {measure.name: measure.unit in WHOLE_UNITS for measure in self.table.measures}

    def __repr__(self) -> str:
        return (
            f"<ReleasedTable {self.released.statement.release_id}: {self.table.title!r}, "
            f"{len(self.table.rows)} rows>"
        )

    def __str__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        """What a notebook shows: the table, the shorthand in words, how people are protected, how to cite."""
        return "\n".join(self._html())

    def _html(self) -> Iterator[str]:
        table, left_out = self.table, max(len(self.table.rows) - ROWS_SHOWN, 0)
        yield from data_table(
            table.title,
            tuple(map(heading, table.dimensions)),
            (measure.title for measure in table.measures),
            (
                (row.labels or ("Total",), tuple(map(in_digits, row.values, table.measures)))
                for row in table.rows[:ROWS_SHOWN]
            ),
        )
        if left_out:
            yield paragraph(f"{left_out} more rows: see columns(), rows(), to_pandas() or to_polars().")
        told = shorthand(self.released)
        if told:
            yield from terms(told)
        yield from bullets((disclosure_statement(table), self.citation))


def _number(value: ControlledValue, measure: Measure) -> int | float | None:
    """The number as the CSV file has it."""
    digits = number(value, measure)
    if not digits:
        return None
    return int(digits) if measure.unit in WHOLE_UNITS else float(digits)
