"""The page can be read without seeing, without colour and without a script, and says what the JSON says."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise

import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.quality_report.document import QualityReport
from linkage_engine.quality_report.page import STYLE, page
from linkage_engine.quality_report.report import quality_report
from linkage_engine.quality_report.tidy import tidy_csv
from tests.unit.quality_report.answers import answer, asked
from tests.unit.quality_report.figures import LINKAGE
from tests.unit.quality_report.reading import Element, elements


@pytest.fixture(scope="module")
def report() -> QualityReport:
    spec = asked(Breakdown.SEX)
    groups = {"Male": (500, 480), "Female": (700, 610), "Not known or not specified": (5, 5)}
    return quality_report(spec, answer(spec, groups, (1205, 1095)), LINKAGE)


@pytest.fixture(scope="module")
def read(report: QualityReport) -> list[Element]:
    return elements(page(report))


def of(read: list[Element], *tags: str) -> list[Element]:
    return [element for element in read if element.tag in tags]


def test_every_chart_has_a_title_a_description_and_a_table_with_its_numbers(
    report: QualityReport, read: list[Element]
) -> None:
    charts, tables = of(read, "svg"), of(read, "table")
    assert len(charts) >= 5
    for chart in charts:
        assert chart.attributes["role"] == "img"
        named = chart.attributes["aria-labelledby"].split()
        spoken = [element for element in read if element.attributes.get("id") in named]
        assert [element.tag for element in spoken] == ["title", "desc"]
        assert all(element.text.strip() for element in spoken)
        table = next(each for each in tables if read.index(each) > read.index(chart))
        lies_in = read[read.index(table) :]
        cells = {e.text for e in lies_in if e.tag in {"td", "th"} and e.text in table.text}
        drawn = [e.text for e in read[read.index(chart) : read.index(table)] if e.tag == "text"]
        assert drawn
        assert set(drawn) - ticks(report) - {f"-{tick}" for tick in ticks(report)} <= cells


def test_every_table_has_a_caption_and_every_heading_its_scope(read: list[Element]) -> None:
    tables = of(read, "table")
    captions = of(read, "caption")
    assert len(tables) == len(captions) > 3
    assert all(caption.inside[-1] == "table" and caption.text for caption in captions)
    assert {head.attributes.get("scope") for head in of(read, "th")} == {"col", "row"}
    assert all(head.text.strip() for head in of(read, "th"))


def test_headings_go_down_one_step_at_a_time_and_there_is_one_title(read: list[Element]) -> None:
    levels = [int(heading.tag[1]) for heading in of(read, "h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - sooner <= 1 for sooner, later in pairwise(levels))


def test_the_page_says_its_language_has_landmarks_and_no_script(read: list[Element]) -> None:
    (html,) = of(read, "html")
    assert html.attributes["lang"] == "en-GB"
    assert len(of(read, "main")) == len(of(read, "nav")) == len(of(read, "title")) - len(of(read, "svg")) == 1
    assert of(read, "script", "img", "link", "iframe", "object") == []
    assert not [e for e in read if any(name.startswith("on") for name in e.attributes)]
    names = [e.attributes["id"] for e in read if "id" in e.attributes]
    assert len(names) == len(set(names))
    targets = [e.attributes["href"] for e in of(read, "a")]
    assert {target[1:] for target in targets} <= set(names)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_and_bars_stand_out_from_white(report: QualityReport) -> None:
    text = page(report).decode()
    ink = set(re.findall(r"(?<!background): (#[0-9a-f]{6})", STYLE)) | set(
        re.findall(r'<text[^>]* fill="(#[0-9a-f]{6})"', text)
    )
    bars = set(re.findall(r'<rect[^>]* fill="(#[0-9a-f]{6})"', text))
    assert ink
    assert bars
    for colour in ink | bars:
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", text))


def test_every_number_of_the_page_is_in_the_json(report: QualityReport, read: list[Element]) -> None:
    spoken = ("td", "th", "text", "p", "dt", "dd", "figcaption", "caption", "h1", "h2", "h3", "li", "desc")
    said = " ".join(element.text for element in of(read, *spoken))
    assert len(numbers(said)) > 40
    assert numbers(said) <= numbers(report.to_bytes().decode()) | ticks(report)


def ticks(report: QualityReport) -> set[str]:
    """The ends and steps of scales, as they are drawn."""
    charts = [t.chart for section in report.sections for t in section.tables if t.chart is not None]
    return {f"{abs(tick):g}" for chart in charts for tick in chart.ticks}


def test_the_csv_has_every_figure_of_the_json_once(report: QualityReport) -> None:
    rows = list(csv.DictReader(io.StringIO(tidy_csv(report).decode())))
    tables = [t for s in json.loads(report.to_bytes())["sections"] for t in s["tables"]]
    assert len(rows) == sum(len(row["figures"]) for table in tables for row in table["rows"])
    assert len({(row["table"], row["row"], row["column"]) for row in rows}) == len(rows)
    assert [row["text"] for row in rows] == [
        figure["text"] for table in tables for row in table["rows"] for figure in row["figures"]
    ]


def test_what_is_written_in_words_does_not_become_markup() -> None:
    spec = asked()
    made = quality_report(spec, answer(spec, {}, (900, 400)), None)
    harmless = page(made.model_copy(update={"summary": ("<script>1 & 2</script>",)})).decode()
    assert "<script>" not in harmless
    assert "&lt;script&gt;1 &amp; 2" in harmless
