"""axe-core, Deque's checker of the Web Content Accessibility Guidelines, on the pages that we write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.quality_report.page import page
from linkage_engine.quality_report.report import quality_report
from service.publication.page import release_page
from service.publication.register.site import site
from tests.outside_checks import accessibility_folder
from tests.unit.publication.releases import a_release
from tests.unit.publication.studies import (
    BY_AREA_RELEASE,
    EMERGENCY_RELEASE,
    EXCESS_RELEASE,
    LINKAGE_RELEASE,
    REGISTERS_RELEASE,
    SOCIAL_CARE_RELEASE,
    TRAJECTORY_BY_SEX_RELEASE,
    TRAJECTORY_RELEASE,
)
from tests.unit.publication.test_areas import RELEASES as OF_AREAS
from tests.unit.publication.test_register import CORRECTED, NOW, RECALLED, given
from tests.unit.quality_report.answers import answer, asked
from tests.unit.quality_report.figures import LINKAGE

pytestmark = pytest.mark.outside(tool="axe")
RELEASES = (
    a_release(),
    BY_AREA_RELEASE,
    EMERGENCY_RELEASE,
    EXCESS_RELEASE,
    LINKAGE_RELEASE,
    REGISTERS_RELEASE,
    SOCIAL_CARE_RELEASE,
    TRAJECTORY_BY_SEX_RELEASE,
    TRAJECTORY_RELEASE,
)
GROUPS = {"Male": (500, 480), "Female": (700, 610), "Not known or not specified": (5, 5)}


def report_page() -> str:
    spec = asked(Breakdown.SEX)
    return page(quality_report(spec, answer(spec, GROUPS, (1205, 1095)), LINKAGE)).decode()


def checked(folder: Path, config: pytest.Config, *pages: str) -> list[dict[str, dict[str, int]]]:
    """For each page the rules that it breaks and those that it keeps, with how many elements each is of."""
    files = [folder / f"{number}.html" for number in range(len(pages))]
    for file, html in zip(files, pages, strict=True):
        file.write_text(html)
    script = Path(__file__).parent / "accessibility" / "axe.mjs"
    done = subprocess.run(
        ["node", str(script), str(accessibility_folder(config)), *map(str, files)],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(pages)
    return [{name: dict(rules) for name, rules in each.items()} for each in found]


def test_no_page_that_we_write_breaks_a_rule_of_axe(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """The report on a linkage, releases of every kind, the register and its areas: all in one go."""
    register = register_pages_of_a_site()
    assert len(register) == 5 + 4 + 2, "the register with areas and data sets"
    releases = [release_page(release, files=("table.csv",)).decode() for release in RELEASES]
    found = checked(tmp_path, pytestconfig, report_page(), *releases, *register.values())
    assert [each["violations"] for each in found] == [{}] * len(found)
    for with_drawings in found[: 1 + len(releases)]:
        assert {"document-title", "html-has-lang", "svg-img-alt"} <= with_drawings["passes"].keys()


def register_pages_of_a_site() -> dict[str, str]:
    """The pages of a register with a correction and a recall, and those of areas."""
    files = site(given(CORRECTED, RECALLED), NOW)
    of_areas = site(given(releases=OF_AREAS), NOW)
    pages = [*files, *((path, data) for path, data in of_areas if path.startswith("areas/"))]
    return {path: data.decode() for path, data in pages if path.endswith("index.html")}


@pytest.mark.outside(tool="chromium")
@pytest.mark.outside(tool="node")
def test_pages_of_releases_fit_a_narrow_screen_with_contrast_and_ask_nobody(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Reflow at 320 pixels (WCAG 2.2, 1.4.10), axe-core with its rule of contrast, and no request."""
    modules, axe = (
        pytestconfig.rootpath / "build" / "outside" / "node_modules",
        accessibility_folder(pytestconfig),
    )
    pages = []
    for number, release in enumerate(RELEASES):
        pages.append(tmp_path / f"{number}.html")
        pages[-1].write_bytes(release_page(release, files=("table.csv",)))
    for number, html in enumerate(register_pages_of_a_site().values(), len(pages)):
        pages.append(tmp_path / f"{number}.html")
        pages[-1].write_text(html)
    chromium = shutil.which("chromium")
    assert chromium
    done = subprocess.run(
        ["node", str(Path(__file__).parent / "narrow.mjs"), str(modules), chromium, "320", *map(str, pages)],
        env=os.environ | {"AXE": str(axe / "node_modules" / "axe-core" / "axe.min.js")},
        capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"wide": 320, "others": [], "violations": []} for _ in pages
    ]


def test_axe_sees_what_is_taken_away(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A chart has two names of its own, the label and its title element: both must go."""
    unnamed = report_page().replace("aria-labelledby", "data-was").replace("<title id=", "<metadata id=")
    spoilt = unnamed.replace("</title>\n<desc", "</metadata>\n<desc").replace('lang="en-GB"', "")
    [found] = checked(tmp_path, pytestconfig, spoilt)
    assert {"html-has-lang", "svg-img-alt"} <= found["violations"].keys()
