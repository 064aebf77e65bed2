"""Every benchmark is registered, run as a program, and explained in docs/PERFORMANCE.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.registry import BENCHMARKS

ROOT = Path(__file__).parents[3]
SHARED = {"__main__", "made_up", "measure", "registry", "streams", "vault_of_people"}
"""Modules that measure nothing."""


def test_every_module_that_measures_is_registered() -> None:
    modules = {path.stem for path in (ROOT / "tests" / "benchmarks").glob("*.py")}
    assert modules - SHARED == set(BENCHMARKS.values())


def test_every_benchmark_is_explained() -> None:
    text = (ROOT / "docs" / "PERFORMANCE.md").read_text(encoding="utf-8")
    assert {name for name in BENCHMARKS if f"`{name}`" not in text} == set()


def test_a_benchmark_says_what_it_measured_on_what_and_against_which_limit(tmp_path: Path) -> None:
    asked = ["--only", "audited-acts", "--scale", "0.01", "--out", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "tests.benchmarks", *asked], cwd=ROOT, check=True, timeout=100)
    found = json.loads((tmp_path / "audited-acts.json").read_text())
    assert {"commit_mode", "peak_rss_bytes", "scale", "cores", "load_average", "python", "at"} <= set(found)
    (budget,) = found["budgets"].values()
    assert set(budget) == {"measured", "sense", "limit", "met"}
