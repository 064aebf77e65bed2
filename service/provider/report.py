"""The validation report of a delivery: as JSON, as lines for a terminal and as a page; never a value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION
from linkage_engine.contract.manifest import LeftOut
from linkage_engine.contract.reports import FieldReport, Resubmissions, ValidationReport
from linkage_engine.contract.value import Slug, Value

COLUMNS = ("field", "rule", "outcome", "rows", "row numbers")


class FileReport(Value):
    """What was found in one file."""

    file: str
    rows: ValidationReport
    identifiers: ValidationReport | None


class DeliveryReport(Value):
    """What was found in all files of a mapping."""

    report: int = 1
    catalogue_version: str = CATALOGUE_VERSION
    provider_id: Slug
    extract_date: date
    files: tuple[FileReport, ...]
    persons: ValidationReport
    left_out: tuple[LeftOut, ...] = ()
    resubmissions: Resubmissions | None = None
    """What became of the rows of social care events; nothing where there are none."""

    @property
    def passed(self) -> bool:
        """Whether it may be sealed: identifiers that cannot be used are left out and block nothing."""
        return all(file.rows.passed for file in self.files)


def as_lines(report: DeliveryReport) -> Iterator[str]:
    """What needs a look, for a terminal: rows that failed or are undetermined, and totals."""
    for title, found in _sections(report):
        failed = sum(f.rows for f in found.findings if f.outcome.failed)
        yield f"{title}: {found.rows} rows, {f'{failed} failures' if failed else 'passed'}"
        yield from (f"  {line}" for line in _table([f for f in found.findings if not f.outcome.passed]))
    if report.resubmissions is not None:
        yield from _joined_lines(report.resubmissions)
    yield from (
        f"left out ({each.reason}): {each.persons} persons, {each.rows} rows" for each in report.left_out
    )
    yield "Passed: it can be sealed." if report.passed else "Failed: correct the rows above, then seal."


def _joined_lines(found: Resubmissions) -> Iterator[str]:
    span = f", {found.first_quarter} to {found.last_quarter}" if found.first_quarter else ""
    yield f"social care events of {found.submissions} submissions{span}:"
    yield f"  {found.rows_read} rows read, {found.rows_kept + found.rows_untold} kept"
    yield f"  {found.rows_same_event} of an event told by another, {found.rows_not_current} not current"
    yield f"  {found.services_cropped} services cropped, {found.ended_by_death} events ended by a death"
    if found.missing_quarters:
        yield f"  no submission covers {', '.join(found.missing_quarters)}  <- look at this"


def as_page(report: DeliveryReport) -> str:
    """The whole report as one HTML page without scripts or outside resources."""
    result = "Passed" if report.passed else "Failed"
    parts = [
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">',
        f"<title>Validation report of {escape(report.provider_id)}</title>",
        "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto}table{border-collapse:collapse}",
        "th,td{text-align:left;padding:.3em .8em;border-bottom:1px solid #767676}</style></head><body>",
        f"<h1>Validation report of {escape(report.provider_id)}</h1>",
        f"<p>{result}. Extract of {report.extract_date}, catalogue {escape(report.catalogue_version)}. ",
        "Row 1 is the header row; the first five rows of each failure are named.</p>",
    ]
    for title, found in _sections(report):
        parts.append(f"<h2>{escape(title)}</h2><p>{found.rows} rows</p><table><thead><tr>")
        parts += [f'<th scope="col">{escape(column.capitalize())}</th>' for column in COLUMNS]
        parts.append("</tr></thead><tbody>")
        for finding in found.findings:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in _cells(finding))
            parts.append(f"<tr>{cells}</tr>")
        parts.append("</tbody></table>")
    if report.resubmissions is not None:
        parts.append("<h2>Resubmissions</h2><ul>")
        parts += [f"<li>{escape(line.strip())}</li>" for line in _joined_lines(report.resubmissions)]
        parts.append("</ul>")
    if report.left_out:
        parts.append("<h2>Left out</h2><ul>")
        parts += [f"<li>{o.reason}: {o.persons} persons, {o.rows} rows</li>" for o in report.left_out]
        parts.append("</ul>")
    return "\n".join([*parts, "</body></html>", ""])


def _sections(report: DeliveryReport) -> Iterator[tuple[str, ValidationReport]]:
    for file in report.files:
        yield f"{file.file} as {file.rows.data_set}", file.rows
        if file.identifiers is not None:
            yield f"{file.file}, identifiers", file.identifiers
    yield "Persons over all files", report.persons


def _cells(finding: FieldReport) -> tuple[str, ...]:
    numbers = ", ".join(map(str, finding.row_numbers))
    more = " ..." if finding.rows > len(finding.row_numbers) > 0 else ""
    return finding.field, finding.rule, finding.outcome.value, str(finding.rows), numbers + more


def _table(findings: list[FieldReport]) -> list[str]:
    if not findings:
        return []
    rows = [COLUMNS, *(_cells(finding) for finding in findings)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
