"""A quality report as a value: sentences, tables, and which columns of them are drawn."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.value import FieldName, ShortText, Value

Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
ANY_DECIMALS = 4


class Unit(StrEnum):
    """What a column's numbers are, which is also how they are written."""

    COUNT = "count"
    PERCENT = "percent"
    DIFFERENCE = "standardised difference"
    BITS = "bits"
    WORDS = "words"


class Figure(Value):
    """One number of a report, or why there is none; the text is how a page shows it."""

    value: float | None
    status: CellStatus
    text: ShortText


class Row(Value):
    """One line of a table: its heading and a figure for each column."""

    label: ShortText
    figures: tuple[Figure, ...]


class Column(Value):
    """One column of figures."""

    name: FieldName
    title: ShortText
    unit: Unit


class Chart(Value):
    """How columns of a table are drawn: bars from nought, side by side, over the scale of the ticks."""

    columns: tuple[FieldName, ...]
    ticks: tuple[float, ...]
    """In rising order: the first and the last are the ends of the scale."""
    lines: tuple[float, ...] = ()
    """Values that a line is drawn at."""
    says: Paragraph
    """What somebody who does not see it is told."""


class ReportTable(Value):
    """A table of a report; where it has a chart, the table holds every number that is drawn."""

    name: FieldName
    title: ShortText
    label_title: ShortText
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Paragraph, ...] = ()
    chart: Chart | None = None


class Item(Value):
    """A question of a checklist and its answer."""

    term: ShortText
    answer: Paragraph


class Section(Value):
    """A part of a report."""

    name: FieldName
    title: ShortText
    paragraphs: tuple[Paragraph, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    items: tuple[Item, ...] = ()


class QualityReport(Value):
    """The whole report, as its JSON file holds it; page and CSV are made of it and say nothing else."""

    report: Literal[1] = 1
    title: ShortText
    summary: tuple[Paragraph, ...]
    sections: tuple[Section, ...]

    def to_bytes(self) -> bytes:
        """The report as a JSON file."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def figure(value: ControlledValue | float | None, unit: Unit) -> Figure:
    """A number as a report has it; None is one that cannot be computed."""
    if value is None:
        value = ControlledValue(value=None, status=CellStatus.UNAVAILABLE)
    elif not isinstance(value, ControlledValue):
        value = ControlledValue(value=value)
    text = value.status.value if value.value is None else _written(value.value, unit)
    return Figure(value=value.value, status=value.status, text=text)


def words(text: str) -> Figure:
    """Words in the place of a number."""
    return Figure(value=None, status=CellStatus.SHOWN, text=text)


def _written(number: float, unit: Unit) -> str:
    match unit:
        case Unit.COUNT:
            return f"{number:,.0f}"
        case Unit.PERCENT:
            return f"{number:.10g}"
        case Unit.DIFFERENCE:
            return f"{number:.2f}"
        case _:
            return f"{number:.10g}"
