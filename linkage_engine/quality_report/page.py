"""A quality report as one HTML page: no script, nothing from outside, a table behind every chart."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from linkage_engine.quality_report.charts import svg
from linkage_engine.quality_report.document import QualityReport, ReportTable, Section

STYLE = """
body { color: #1a1a1a; background: #fff; font: 1.05rem/1.5 Arial, sans-serif; }
main { margin: 0 auto; max-width: 62rem; padding: 1rem; }
a { color: #1d4f91; }
a:focus { outline: 3px solid #1a1a1a; background: #ffdd00; }
.skip { position: absolute; left: -999rem; }
.skip:focus { position: static; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
.wide { overflow-x: auto; }
caption { font-weight: bold; text-align: left; padding: 0.5rem 0; }
th, td { border-bottom: 1px solid #767676; padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; }
th { vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; font: 13px Arial, sans-serif; }
dt { font-weight: bold; margin-top: 0.8rem; }
dd { margin: 0; }
.summary { font-size: 1.25rem; }
@media print { .skip, nav { display: none; } }
""".strip()
BELOW = "The numbers are in the table below."
NO_SCRIPT = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: QualityReport) -> bytes:
    """The page, in UTF-8; it holds no number that the report does not."""
    return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: QualityReport) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en-GB">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{NO_SCRIPT}">'
    yield f"<title>{escape(report.title)}</title>"
    yield f"<style>\n{STYLE}\n</style>"
    yield "</head>"
    yield "<body>"
    yield '<a class="skip" href="#report">Skip to the report</a>'
    yield '<main id="report">'
    yield f"<h1>{escape(report.title)}</h1>"
    yield from (f'<p class="summary">{escape(said)}</p>' for said in report.summary)
    yield '<nav aria-label="Parts of the report"><ul>'
    yield from (f'<li><a href="#{each.name}">{escape(each.title)}</a></li>' for each in report.sections)
    yield "</ul></nav>"
    for section in report.sections:
        yield from _section(section)
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{section.name}">'
    yield f"<h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(said)}</p>" for said in section.paragraphs)
    for table in section.tables:
        yield f"<h3>{escape(table.title)}</h3>"
        if table.chart is not None:
            yield f"<figure>\n{svg(table, table.chart)}"
            yield f"<figcaption>{escape(table.chart.says)} {BELOW}</figcaption></figure>"
        yield from _table(table)
    if section.items:
        yield "<dl>"
        yield from (f"<dt>{escape(item.term)}</dt><dd>{escape(item.answer)}</dd>" for item in section.items)
        yield "</dl>"
    yield "</section>"


def _table(table: ReportTable) -> Iterator[str]:
    yield f'<div class="wide" role="region" aria-label="{escape(table.title)}" tabindex="0"><table>'
    yield f"<caption>{escape(table.title)}</caption>"
    heads = "".join(f'<th scope="col">{escape(column.title)}</th>' for column in table.columns)
    yield f'<thead><tr><th scope="col">{escape(table.label_title)}</th>{heads}</tr></thead>'
    yield "<tbody>"
    for row in table.rows:
        cells = "".join(f'<td class="number">{escape(each.text)}</td>' for each in row.figures)
        yield f'<tr><th scope="row">{escape(row.label)}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    yield from (f"<p>{escape(note)}</p>" for note in table.notes)
