"""A release as one HTML page: no script, nothing from outside, a table behind every chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.contract.controlled_table import ControlledRow, Measure
from linkage_engine.contract.query_spec import AroundDiagnosisSpecification
from linkage_engine.quality_report.guild import LIMITS
from linkage_engine.quality_report.page import NO_SCRIPT, STYLE
from service.publication.chart import Chart
from service.publication.charts import charts
from service.publication.drawing import svg
from service.publication.recipe import VERIFY, citation
from service.publication.released import Released
from service.publication.standing import Cell
from service.publication.words import (
    REVISED,
    day,
    heading,
    headlines,
    in_digits,
    question_in_words,
    shorthand,
)
from service.releases.contents import QUALITY
from service.releases.publication import disclosure_statement

NARROW = """
main { overflow-wrap: anywhere; }
table { overflow-wrap: normal; }
svg { min-width: 40rem; }
""".strip()
"""A drawing keeps its letters legible and scrolls by itself; text never runs out of a narrow screen."""
DATA_BELOW = "The numbers are in the table below."


@dataclass(frozen=True)
class Beside:
    """What a page says that its package does not, in lines of markup: on top, and of the linkage.

    And which cells were revised.
    """

    lines: tuple[str, ...] = ()
    revised: frozenset[Cell] = frozenset()
    linkage: tuple[str, ...] = ()


NOTHING = Beside()


def release_page(released: Released, *, files: Iterable[str], beside: Beside = NOTHING) -> bytes:
    """The page, in UTF-8; `files` are those beside it that it leads to.

    Raises SpecificationInvalid where the question has a name that this version's catalogue lacks.
    """
    return as_bytes(document(released.table.title, _main(released, files, beside)))


def as_bytes(lines: Iterable[str]) -> bytes:
    """Lines of a page as a file."""
    return ("\n".join(lines) + "\n").encode()


def document(title: str, body: Iterable[str]) -> Iterator[str]:
    """A whole page around what is said in its main part."""
    yield "<!DOCTYPE html>"
    yield '<html lang="en-GB">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{NO_SCRIPT}">'
    yield f"<title>{escape(title)}</title>"
    yield f"<style>\n{STYLE}\n{NARROW}\n</style>"
    yield "</head>"
    yield "<body>"
    yield '<a class="skip" href="#main">Skip to the main part</a>'
    yield '<main id="main">'
    yield f"<h1>{escape(title)}</h1>"
    yield from body
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _main(released: Released, files: Iterable[str], beside: Beside) -> Iterator[str]:
    statement = released.statement
    when = day(statement.released_at)
    yield f'<p class="summary">Released on {when} by project {statement.project_id}.</p>'
    yield from beside.lines
    sections = {
        "In short": _in_short(released),
        "Charts": _charts(charts(released)),
        "Table": _tables(released, beside.revised),
        "Notes": _notes(released, beside.revised),
        "Method": _method(released),
        "Quality of the linkage": _linkage(released, beside.linkage),
        "How people are protected": [paragraph(disclosure_statement(released.table))],
        "Files": _files(files),
        "How to cite and check": _citation(released),
    }
    held = {title: lines for title, body in sections.items() if (lines := list(body))}
    yield '<nav aria-label="Parts of the page"><ul>'
    yield from (f'<li><a href="#{_anchor(title)}">{title}</a></li>' for title in held)
    yield "</ul></nav>"
    for title, lines in held.items():
        yield f'<section id="{_anchor(title)}">\n<h2>{title}</h2>'
        yield from lines
        yield "</section>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def paragraph(words: str) -> str:
    """A paragraph of words, none of which is markup."""
    return f"<p>{escape(words)}</p>"


def bullets(items: Iterable[str]) -> Iterator[str]:
    """A list of words; nothing of none."""
    lines = [f"<li>{escape(each)}</li>" for each in items]
    yield from (["<ul>", *lines, "</ul>"] if lines else [])


def links(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A list of links; a sentence where there is none."""
    lines = [f'<li><a href="{escape(to)}">{escape(words)}</a></li>' for to, words in pairs]
    yield from (["<ul>", *lines, "</ul>"] if lines else [paragraph("None.")])


def terms(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Terms with what is said of each."""
    yield "<dl>"
    yield from (f"<dt>{escape(term)}</dt><dd>{escape(said)}</dd>" for term, said in items)
    yield "</dl>"


def _in_short(released: Released) -> Iterator[str]:
    yield from (paragraph(said) for said in question_in_words(released))
    yield paragraph("In total:")
    told = list(headlines(released))
    yield from bullets(told or ["No number of the total is shown."])


def _charts(drawn: Iterable[Chart]) -> Iterator[str]:
    for chart in drawn:
        yield f"<h3>{escape(chart.title)}</h3>"
        yield "<figure>"
        yield f'<div class="wide" role="region" aria-label="Chart: {escape(chart.title)}" tabindex="0">'
        yield f"{svg(chart)}</div>"
        yield f"<figcaption>{escape(chart.says)} {DATA_BELOW}</figcaption>"
        yield "</figure>"
        rows = (((mark.label,), tuple(each.text for each in mark.figures)) for mark in chart.marks)
        yield from data_table(f"Data of the chart: {chart.title}", (chart.along,), chart.heads, rows)


def data_table(
    caption: str,
    labels: tuple[str, ...],
    heads: Iterable[str],
    rows: Iterable[tuple[tuple[str, ...], tuple[str, ...]]],
) -> Iterator[str]:
    """A table that scrolls by itself: each row's labels are its headings, then come its numbers."""
    name = escape(caption)
    yield f'<div class="wide" role="region" aria-label="{name}" tabindex="0"><table>'
    yield f"<caption>{name}</caption>"
    yield "<thead><tr>"
    yield from (f'<th scope="col">{escape(head)}</th>' for head in (*labels, *heads))
    yield "</tr></thead>\n<tbody>"
    for headings, numbers in rows:
        cells = [
            *(f'<th scope="row">{escape(each)}</th>' for each in headings),
            *(f'<td class="number">{escape(each)}</td>' for each in numbers),
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _tables(released: Released, revised: frozenset[Cell]) -> Iterator[str]:
    """The whole table: of several kinds of events one for each, beside the numbers of everybody."""
    table = released.table
    for part in _parts(released):
        own = [m for m in table.measures if part and m.name.startswith(f"{part}_")]
        general = [m for m in table.measures if not _of_some_part(released, m)]
        chosen = {measure.name for measure in (*general, *own)}
        title = f"{table.title}: {part.replace('_', ' ')}" if part else table.title
        yield from data_table(
            title,
            tuple(map(heading, table.dimensions)),
            (m.title for m in table.measures if m.name in chosen),
            ((row.labels or ("Total",), _digits(released, row, chosen, revised)) for row in table.rows),
        )


def _parts(released: Released) -> tuple[str, ...]:
    asked = released.asked
    if not isinstance(asked, AroundDiagnosisSpecification):
        return ("",)
    return tuple(kind.value for kind in asked.parameters.events)


def _of_some_part(released: Released, measure: Measure) -> bool:
    return any(part and measure.name.startswith(f"{part}_") for part in _parts(released))


def _digits(
    released: Released, row: ControlledRow, chosen: set[str], revised: frozenset[Cell]
) -> tuple[str, ...]:
    numbers = zip(row.values, released.table.measures, strict=True)
    return tuple(
        f"{in_digits(value, measure)}{' [r]' if (row.labels, measure.name) in revised else ''}"
        for value, measure in numbers
        if measure.name in chosen
    )


def _notes(released: Released, revised: frozenset[Cell]) -> Iterator[str]:
    told = (*shorthand(released), *((REVISED,) if revised else ()))
    if told:
        yield paragraph("Shorthand in brackets stands in the place of a number, or says something of it:")
        yield from terms(told)
    yield paragraph("Of people in each row; a total is of all its rows, and is rounded by itself.")


def _method(released: Released) -> Iterator[str]:
    template = analysis_template(released.asked.template)
    yield paragraph(template.definition)
    yield paragraph(f"Source of the method: {template.source}")
    yield from terms(
        (
            ("Version of the data", released.record.data_version),
            ("Data sets", ", ".join(name.replace("_", " ") for name in template.inputs)),
        )
    )


def _linkage(released: Released, reports: tuple[str, ...]) -> Iterator[str]:
    yield paragraph(
        "Records of several providers were joined by keyed codes of names, dates of birth and the like, "
        "which no analyst sees. Links can be wrong in two ways:"
    )
    yield from (paragraph(said) for said in LIMITS[:3])
    if f"{QUALITY}.html" in released.files:
        yield f'<p><a href="{QUALITY}.html">The whole report on this linkage</a></p>'
    yield from reports


def _files(files: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f'<li><a href="{escape(name)}">{escape(name)}</a></li>' for name in files)
    yield "</ul>"


def _citation(released: Released) -> Iterator[str]:
    yield paragraph(citation(released))
    log, checkers = released.log, len(released.statement.approved_by)
    yield paragraph(
        f"{checkers} output checkers, none of whom asked, approved the release. It is signed, and its "
        f"signing is entry {log.index} of the audit log {log.origin}. Anybody can check it offline, with "
        "public keys from governance:"
    )
    yield f"<p><code>{escape(VERIFY)}</code></p>"
    yield from terms(
        (
            ("Specification (sha256)", released.record.specification_sha256),
            ("Policy (sha256)", released.record.policy_sha256),
        )
    )
