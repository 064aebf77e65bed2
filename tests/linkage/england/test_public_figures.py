"""Synthetic England against public figures: what a clinician would look for first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.england.catalogue_form import OfProvider, in_catalogue_form
from linkage_engine.laboratory.main import app
from linkage_engine.laboratory.trial.public_figures import measured, public_figures
from tests.architecture.documents.pages import ROOT

FIGURES = {figure.name: figure for figure in public_figures()}
SMALLER = 2
"""Of 20,000 people counts stray more than twice as far as of 100,000."""


@pytest.fixture(scope="module")
def sets(england_folder: Path) -> list[OfProvider]:
    return list(in_catalogue_form(england_folder))


@pytest.fixture(scope="module")
def found(sets: list[OfProvider]) -> dict[str, float]:
    return measured(sets)


@pytest.mark.parametrize("name", FIGURES)
def test_a_public_figure_is_met_within_its_tolerance(name: str, found: dict[str, float]) -> None:
    assert found[name] == pytest.approx(FIGURES[name].published, abs=SMALLER * FIGURES[name].tolerance)


def test_every_figure_is_measured_and_no_other(found: dict[str, float]) -> None:
    assert set(found) == set(FIGURES)


def test_practices_that_enter_half_as_many_cancers_are_found_out(sets: list[OfProvider]) -> None:
    [events] = [each for each in sets if each.name == "gp_event"]
    entered = events.rows.filter(pc.equal(events.rows["concept_type"], "diagnosis"))
    half = [
        replace(each, rows=entered.slice(0, entered.num_rows // 2)) if each.name == "gp_event" else each
        for each in sets
    ]
    figure = FIGURES["register_percent_of_registry"]
    assert measured(half)[figure.name] < figure.published - SMALLER * figure.tolerance


@pytest.mark.deep
def test_a_hundred_thousand_people_meet_every_figure_as_the_page_says(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["figures", "--keep", str(tmp_path), "--people", "100000", "--seed", "1"])
    assert done.exit_code == 0, done.output
    rows = [line.split(" | ") for line in done.output.splitlines()[2:]]
    assert len(rows) == len(FIGURES)
    for figure, (_, published, tolerance, given, _) in zip(FIGURES.values(), rows, strict=True):
        assert float(published) == figure.published
        assert abs(float(given) - figure.published) <= float(tolerance.removeprefix("± "))
    page = (ROOT / "docs" / "SYNTHETIC-ENGLAND.md").read_text(encoding="utf-8")
    assert done.output in page


def test_the_page_names_every_figure_as_it_is_held() -> None:
    page = (ROOT / "docs" / "SYNTHETIC-ENGLAND.md").read_text(encoding="utf-8")
    for figure in FIGURES.values():
        assert f"| {figure.title} | {figure.published:g} | ± {figure.tolerance:g} | " in page
        assert f" | {figure.source}. {figure.note} |" in page
