"""What a release says in plain words: numbers as readers see them, and a summary of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from linkage_engine.contract.controlled_table import (
    TOTAL,
    CellStatus,
    ControlledRow,
    ControlledValue,
    Measure,
)
from service.publication.released import Released
from service.releases.publication import MEANINGS, number
from service.researcher.in_words import in_words

COLUMNS = "Columns:"
"""From this line on a question in words lists columns, which the table shows."""
NUMBERS = 8
"""So many of a table's totals make a summary; the table has the rest."""
DIMENSIONS = {
    "tumour_group": "Cancer",
    "sex": "Sex",
    "age_band": "Age",
    "area": "Integrated care board",
    "ethnic_group": "Ethnic group",
    "deprivation": "Deprivation of the area",
    "period": "Period from the diagnosis",
    "stage": "Stage at diagnosis",
    "organisation": "Trust",
}
"""What columns of labels are called."""
REVISED = ("[r]", "revised: another number than in the release that this one corrects")
"""Shorthand beside a number of a correction."""
EVERYBODY: Mapping[str, str] = MappingProxyType({})
"""All labels together."""


def in_digits(value: ControlledValue, measure: Measure) -> str:
    """A number with commas between thousands, or the shorthand in its place."""
    digits = number(value, measure)
    return f"{Decimal(digits):,}" if digits else value.status.value


def heading(dimension: str) -> str:
    """What a column of labels is called."""
    return DIMENSIONS.get(dimension, dimension.replace("_", " ").capitalize())


def day(moment: date) -> str:
    """A day as people write it: 22 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def question_in_words(released: Released) -> tuple[str, ...]:
    """Whom the numbers are about, a sentence each; title and table say the rest.

    Raises SpecificationInvalid for a name that the catalogue lacks.
    """
    lines = tuple(line.replace("_", " ") for line in in_words(released.asked))
    return lines[1 : lines.index(COLUMNS) - 1]


def totals(released: Released) -> tuple[tuple[Measure, ControlledValue], ...]:
    """The numbers of everybody, without limits of intervals; of a table without such a row none."""
    table = released.table
    row = next((row for row in table.rows if set(row.labels) <= {TOTAL}), None)
    if row is None:
        return ()
    pairs = zip(table.measures, row.values, strict=True)
    return tuple(
        (measure, value) for measure, value in pairs if not measure.name.endswith(("_lower", "_upper"))
    )


def headlines(released: Released) -> Iterator[str]:
    """A sentence for each of the first totals that are shown."""
    told = [(measure, value) for measure, value in totals(released) if value.status is CellStatus.SHOWN]
    for measure, value in told[:NUMBERS]:
        yield f"{measure.title}: {in_digits(value, measure)}{' %' if measure.unit == 'percent' else ''}."


def shorthand(released: Released) -> tuple[tuple[str, str], ...]:
    """The shorthand that the table uses, each with its meaning."""
    used = {value.status for row in released.table.rows for value in row.values}
    return tuple((status.value, meaning) for status, meaning in MEANINGS.items() if status in used)


def rows_along(
    released: Released, dimension: str, among: Mapping[str, str] = EVERYBODY
) -> tuple[tuple[str, ControlledRow], ...]:
    """The rows of one dimension's labels in the table's order, without the total.

    Of the other dimensions the labels are those of `among`, or all together.
    """
    table = released.table
    place = table.dimensions.index(dimension)
    others = [(at, among.get(name, TOTAL)) for at, name in enumerate(table.dimensions) if name != dimension]
    return tuple(
        (row.labels[place], row)
        for row in table.rows
        if row.labels[place] != TOTAL and all(row.labels[at] == label for at, label in others)
    )
