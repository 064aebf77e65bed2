"""A controlled table as files for readers: tidy CSV, its CSVW description, and plain text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledTable,
    ControlledValue,
    Measure,
    Noise,
)

RECORD = "disclosure-record.json"
"""What disclosure control did to the table; its JSON Schema is at `/schemas/disclosure-record`."""

MEANINGS: Mapping[CellStatus, str] = {
    CellStatus.CONFIDENTIAL: "confidential: withheld to protect people",
    CellStatus.LOW: "low: nobody, or too few to tell how many; the true number may be 0 and need not be",
    CellStatus.HIGH: "high: all or nearly all, too nearly to tell how many",
    CellStatus.NOT_APPLICABLE: "not applicable: nobody can be in this cell",
    CellStatus.UNAVAILABLE: "not available: there is nothing to compute it from",
}
"""What each shorthand means here: those of the Government Statistical Service, and the two bands."""

WHOLE_UNITS = frozenset({"persons", "events", "per 100,000 persons"})
"""Units whose numbers are whole."""

DECIMALS, WHOLE_FROM = frozenset({"percent", "ratio"}), 100
"""Units whose decimals are fixed; others have three significant figures, and are whole from here on."""


def as_csv(table: ControlledTable) -> bytes:
    """The table as tidy CSV: UTF-8, line feeds, a header, one row a cell.

    Each measure is a numeric column, blank where withheld, beside a `_status` column with the
    shorthand. Text that a spreadsheet would run as a formula is led by an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column["name"] for column in _columns(table))
    for row in table.rows:
        numbers = [
            field
            for value, measure in zip(row.values, table.measures, strict=True)
            for field in (number(value, measure), value.status.value)
        ]
        writer.writerow([*map(harmless, row.labels), *numbers])
    return text.getvalue().encode()


def as_csvw(table: ControlledTable, *, csv_name: str) -> bytes:
    """The description of the CSV as W3C tabular metadata (CSVW, 2015): types, keys, source and control."""
    record = table.record
    description: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en-GB"}],
        "url": csv_name,
        "dc:title": table.title,
        "dc:description": disclosure_statement(table),
        "dc:source": f"Template {table.template}, data version {record.data_version}",
        "dc:provenance": f"Specification sha256:{record.specification_sha256}",
        "dc:conformsTo": f"Policy {_policy(table)}, sha256:{record.policy_sha256}",
        "rdfs:seeAlso": {"@id": RECORD},
        "notes": [{"shorthand": status.value, "meaning": meaning} for status, meaning in MEANINGS.items()],
        "dialect": {"encoding": "utf-8", "lineTerminators": "\n", "header": True},
        "tableSchema": {"columns": _columns(table)} | _primary_key(table),
    }
    return (json.dumps(description, indent=2) + "\n").encode()


def as_text(table: ControlledTable) -> str:
    """The table for a terminal: columns in line, shorthand in place of withheld numbers, notes beneath."""
    header = [*table.dimensions, *(measure.name for measure in table.measures)]
    rows = [
        [
            *map(_printable, row.labels),
            *(number(v, m) or v.status.value for v, m in zip(row.values, table.measures, strict=True)),
        ]
        for row in table.rows
    ]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_line(each, widths, labels=len(table.dimensions)) for each in (header, *rows)]
    used = {value.status for row in table.rows for value in row.values}
    notes = [f"{status.value} {meaning}" for status, meaning in MEANINGS.items() if status in used]
    return "\n".join([_printable(table.title), "", *lines, "", *notes, disclosure_statement(table)]) + "\n"


def disclosure_statement(table: ControlledTable) -> str:
    """How the numbers were protected, in a paragraph for readers."""
    record = table.record
    if record.noise is not None:
        return _noise_statement(table, record.noise)
    history = (
        "The table was audited against the project's earlier releases."
        if record.history_audited
        else "The table was not audited by machine against the project's earlier releases."
    )
    exact = any(rule.action == "exact" for rule in record.rules)
    how = (
        f"numbers of fewer than {record.threshold} people are withheld, and others so that these cannot be "
        "computed. Numbers that are shown are exact; percentages, rates and their intervals are computed "
        "from shown numbers"
        if exact
        else f"numbers of fewer than {record.threshold} people "
        f"are withheld; with this rounding, fewer than {record.effective_threshold}. "
        f"A count of few or none of a larger number of people is told as {CellStatus.LOW}, one of all or "
        f"nearly all as {CellStatus.HIGH}. "
        f"Every count is rounded by itself ({record.rounding}), totals too, so rows need not add up; "
        f"percentages, rates, ratios and their intervals are computed from rounded numbers"
    )
    banded = "" if exact else f", and told as such a band in {record.cells_banded}"
    return (
        f"Disclosure control by policy {_policy(table)}: {how}. "
        f"Numbers are withheld in {record.cells_hidden} of {record.cells} cells{banded}. {history}"
    )


def _noise_statement(table: ControlledTable, noise: Noise) -> str:
    """The same of counts with noise."""
    record, deviation = table.record, noise.standard_deviation
    withheld = f"Numbers are withheld in {record.cells_hidden} of {record.cells} cells."
    shares = (
        "so rows need not add up; percentages, rates, ratios and intervals are computed from numbers shown."
    )
    if noise.epsilon is None:
        return (
            f"Disclosure control by policy {_policy(table)}: numbers of fewer than {record.threshold} "
            f"people are withheld. To every count noise is added by cell keys, of standard deviation "
            f"{deviation} and at most {noise.max_deviation}, the same wherever the same people are counted, "
            f"totals too, {shares} {withheld} The table was audited against the project's earlier releases."
        )
    return (
        f"Disclosure control by policy {_policy(table)}: differential privacy for adding or removing one "
        f"person, epsilon {noise.epsilon}. Every count has discrete Laplace noise of its own, of standard "
        f"deviation {deviation}, totals too, {shares} A person counts in at most {noise.labels_per_person} "
        f"labels of a breakdown that allows several. Negative numbers are taken as none, parts as no more "
        f"than the whole; numbers that come out under {record.threshold} are withheld. {withheld}"
    )


def _policy(table: ControlledTable) -> str:
    return f"{table.record.policy}, version {table.record.policy_version}"


def _columns(table: ControlledTable) -> list[dict[str, Any]]:
    """The columns of the CSV in CSVW's words."""
    dimensions = [
        {"name": name, "titles": name, "datatype": "string", "required": True} for name in table.dimensions
    ]
    statuses = "|".join(f"\\[{status.value.strip('[]')}\\]" for status in MEANINGS)
    measures = [
        column
        for measure in table.measures
        for column in (
            {
                "name": measure.name,
                "titles": measure.name,
                "dc:description": f"{measure.title} ({measure.unit})",
                "datatype": "integer" if measure.unit in WHOLE_UNITS else "decimal",
                "null": "",
            },
            {
                "name": f"{measure.name}_status",
                "titles": f"{measure.name}_status",
                "dc:description": f"Why {measure.name} is blank; blank where it is shown",
                "datatype": {"base": "string", "format": statuses},
                "null": "",
            },
        )
    ]
    return [*dimensions, *measures]


def _primary_key(table: ControlledTable) -> dict[str, Any]:
    return {"primaryKey": list(table.dimensions)} if table.dimensions else {}


def number(value: ControlledValue, measure: Measure) -> str:
    """The number in plain decimal digits; blank where it is withheld."""
    if value.value is None:
        return ""
    by_figures = measure.unit not in DECIMALS and abs(value.value) >= WHOLE_FROM
    whole = measure.unit in WHOLE_UNITS or by_figures
    return str(int(value.value)) if whole else format(Decimal(str(value.value)), "f")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    printable = _printable(text)
    return f"'{printable}" if printable.startswith(("=", "+", "-", "@")) else printable


def _printable(text: str) -> str:
    """Text without control characters: none moves a cursor or breaks a line."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _line(fields: list[str], widths: list[int], *, labels: int) -> str:
    """Labels to the left, numbers to the right."""
    aligned: list[Callable[[int], str]] = [
        field.ljust if place < labels else field.rjust for place, field in enumerate(fields)
    ]
    return "  ".join(align(width) for align, width in zip(aligned, widths, strict=True)).rstrip()
