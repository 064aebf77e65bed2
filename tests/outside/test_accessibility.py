"""axe-core, Deque's checker of the Web Content Accessibility Guidelines, on the pages that we write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.quality_report.page import page
from linkage_engine.quality_report.report import quality_report
from tests.outside_checks import accessibility_folder
from tests.unit.quality_report.answers import answer, asked
from tests.unit.quality_report.figures import LINKAGE

pytestmark = pytest.mark.outside(tool="axe")
GROUPS = {"Male": (500, 480), "Female": (700, 610), "Not known or not specified": (5, 5)}


def report_page() -> str:
    spec = asked(Breakdown.SEX)
    return page(quality_report(spec, answer(spec, GROUPS, (1205, 1095)), LINKAGE)).decode()


def checked(html: str, config: pytest.Config) -> dict[str, dict[str, int]]:
    """The rules that a page breaks and those that it keeps, with how many elements each is about."""
    script = Path(__file__).parent / "accessibility" / "axe.mjs"
    done = subprocess.run(
        ["node", str(script), str(accessibility_folder(config))],
        input=html, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return {name: dict(found) for name, found in json.loads(done.stdout).items()}


def test_the_quality_report_breaks_no_rule_of_axe(pytestconfig: pytest.Config) -> None:
    found = checked(report_page(), pytestconfig)
    assert found["violations"] == {}
    assert {"document-title", "html-has-lang", "svg-img-alt"} <= found["passes"].keys()


def test_axe_sees_what_is_taken_away(pytestconfig: pytest.Config) -> None:
    """A chart has two names of its own, the label and its title element: both must go."""
    unnamed = report_page().replace("aria-labelledby", "data-was").replace("<title id=", "<metadata id=")
    spoilt = unnamed.replace("</title>\n<desc", "</metadata>\n<desc").replace('lang="en-GB"', "")
    assert {"html-has-lang", "svg-img-alt"} <= checked(spoilt, pytestconfig)["violations"].keys()
