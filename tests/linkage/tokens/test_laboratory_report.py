"""The laboratory's quality report: the service's page, with the truth beside its estimates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.linkage import Linked, evaluated, link_files
from linkage_engine.laboratory.linkage_report import linkage_report, write_report
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.two_files.make import NUMBERED, ORDINARY, two_files
from linkage_engine.quality_report.document import QualityReport, ReportTable
from tests.unit.quality_report.reading import elements

Files = tuple[Records, Records]


def made(overlap: float) -> Files:
    return two_files(600, overlap=overlap, dirt=ORDINARY, seed=3, layout=NUMBERED)


def run(files: Files, profile: LinkageProfile = LinkageProfile.TOKENS) -> Linked:
    return link_files(*files, profile=profile, threads=1, seed=1)


@pytest.fixture(scope="module")
def files() -> Files:
    return made(0.6)


@pytest.fixture(scope="module")
def found(files: Files) -> Linked:
    return run(files)


def tables(report: QualityReport) -> dict[str, ReportTable]:
    return {table.name: table for section in report.sections for table in section.tables}


def test_precision_and_recall_of_the_report_are_those_of_the_evaluation(files: Files, found: Linked) -> None:
    scores = evaluated(found, *files, profile=LinkageProfile.TOKENS).one_to_one
    primary = tables(linkage_report(found, *files, profile=LinkageProfile.TOKENS))["truth"].rows[1]
    told = dict(zip(("weight", "links", "precision", "estimate", "recall"), primary.figures, strict=True))
    assert told["precision"].value == round(100 * scores.precision, 2)
    assert told["recall"].value == round(100 * scores.recall, 2)
    assert told["estimate"].value == pytest.approx(100 * scores.precision, abs=3)


def test_weights_thresholds_and_numbers_are_exact_and_all_told(files: Files, found: Linked) -> None:
    made_of = tables(linkage_report(found, *files, profile=LinkageProfile.TOKENS))
    weights = made_of["weights_first_file_second_file"]
    assert all(figure.value is not None for row in weights.rows for figure in row.figures)
    pairs = sum(row.figures[0].value or 0 for row in weights.rows)
    assert pairs >= (made_of["thresholds_first_file_second_file"].rows[1].figures[1].value or 0) > 300
    links, correct = (made_of["numbered_first_file_second_file"].rows[at].figures[0].value for at in (1, 2))
    assert links is not None
    assert correct is not None
    assert links > 100 > correct


def test_json_csv_and_page_are_written_and_say_that_they_are_not_for_release(
    files: Files, found: Linked, tmp_path: Path
) -> None:
    folder = tmp_path / "a" / "report"
    for _ in range(2):
        write_report(folder, linkage_report(found, *files, profile=LinkageProfile.TOKENS))
    assert {path.suffix for path in folder.iterdir()} == {".json", ".csv", ".html"}
    summary = json.loads((folder / "linkage-quality.json").read_text())["summary"]
    assert "not for release" in summary[1].replace("nothing of this is for", "not for")
    read = elements((folder / "linkage-quality.html").read_bytes())
    assert len([each for each in read if each.tag == "svg"]) == 3


def test_of_plaintext_the_truth_is_told_alone_and_without_overlap_nothing_is_shown(files: Files) -> None:
    plain = linkage_report(run(files, LinkageProfile.PLAINTEXT), *files, profile=LinkageProfile.PLAINTEXT)
    assert list(tables(plain)) == ["truth"]
    apart = made(0.0)
    report = linkage_report(run(apart), *apart, profile=LinkageProfile.TOKENS)
    assert report.summary[0].startswith("No overlap was seen")
    assert "truth" not in tables(report)
