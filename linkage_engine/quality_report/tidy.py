"""A quality report as tidy CSV: one line a figure."""

from __future__ import annotations

import csv
import io

from linkage_engine.quality_report.document import QualityReport

HEADER = ("section", "table", "row", "column", "unit", "value", "status", "text")


def tidy_csv(report: QualityReport) -> bytes:
    """Every figure of every table, in UTF-8; a withheld one is blank beside its mark.

    Labels and texts are the catalogue's and this program's words; a minus sign begins numbers alone.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for section in report.sections:
        for table in section.tables:
            for row in table.rows:
                for column, each in zip(table.columns, row.figures, strict=True):
                    number = "" if each.value is None else f"{each.value:.10g}"
                    named = (section.name, table.name, row.label, column.name, column.unit.value)
                    writer.writerow([*named, number, each.status.value, each.text])
    return text.getvalue().encode()
