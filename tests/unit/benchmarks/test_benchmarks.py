"""Every benchmark is registered, run as a program, and explained in a page of docs/."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.benchmarks.measure import Budget
from tests.benchmarks.registry import BENCHMARKS, DISCLOSURE, LINKAGE

ROOT = Path(__file__).parents[3]
SHARED = {"__main__", "live_api", "made_up", "measure", "registry", "streams", "vault_of_people"}
SHARED_OF_LINKAGE = {"compare", "one"}
"""Modules that measure nothing."""


def test_every_module_that_measures_is_registered() -> None:
    folder = ROOT / "tests" / "benchmarks"
    modules = {path.stem for path in folder.glob("*.py")} - SHARED
    of_disclosure = {f"disclosure.{path.stem}" for path in (folder / "disclosure").glob("*.py")}
    assert modules == set(BENCHMARKS.values())
    assert of_disclosure == set(DISCLOSURE.values()) - modules
    linkage = {path.stem for path in (folder / "linkage").glob("*.py")} - SHARED_OF_LINKAGE
    of_linkage = {f"linkage.{name}" for name in linkage}
    assert of_linkage == set(LINKAGE.values()) - modules


@pytest.mark.parametrize(
    ("page", "names"),
    [("PERFORMANCE.md", BENCHMARKS), ("DISCLOSURE.md", DISCLOSURE), ("LINKAGE.md", LINKAGE)],
    ids=str,
)
def test_every_benchmark_is_explained(page: str, names: Mapping[str, str]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_a_benchmark_of_another_page_is_refused(tmp_path: Path) -> None:
    asked = ["--disclosure", "--only", "seal", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *asked], cwd=ROOT, check=False, capture_output=True
    )
    assert (done.returncode, b"seal is not one of --disclosure" in done.stderr) == (2, True)


def test_a_benchmark_says_what_it_measured_on_what_and_against_which_limit(tmp_path: Path) -> None:
    asked = ["--only", "audited-acts", "--scale", "0.01", "--out", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "tests.benchmarks", *asked], cwd=ROOT, check=True, timeout=100)
    found = json.loads((tmp_path / "audited-acts.json").read_text())
    assert {"commit_mode", "peak_rss_bytes", "scale", "cores", "load_average", "python", "at"} <= set(found)
    (budget,) = found["budgets"].values()
    assert set(budget) == {"measured", "sense", "limit", "ratio", "met"}


@pytest.mark.parametrize(("measured", "met"), [(0, True), (3, False)])
def test_a_limit_may_be_nothing(*, measured: int, met: bool) -> None:
    held = Budget("wrong", 0, at_least=False).held(measured)
    assert (held["met"], held["ratio"]) == (met, measured)
