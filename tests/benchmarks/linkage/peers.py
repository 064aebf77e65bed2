"""Others' programs and ours on the same files, in one run: how well, how fast, how much memory."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from linkage_engine.laboratory.records import Records, normalised
from linkage_engine.laboratory.scores import best_f1, number_of_true_pairs, scores_from
from linkage_engine.link.assignment import one_to_one
from tests.benchmarks.linkage.one import FEBRL, Case, files, measured
from tests.benchmarks.measure import Figures, main
from tests.outside_checks import peers_at

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS: Mapping[str, str] = {
    "recordlinkage": "recordlinkage_ecm",
    "carduus": "carduus_tokens",
    "goldenmatch": "goldenmatch_private",
    "anonlink": "anonlink_filters",
}
"""A peer's environment, and the module that its Python runs."""
FIELDS = ("given_name", "family_name", "date_of_birth", "sex", "postcode", "address")
GIVEN_UP = 1_200
"""Seconds after which a peer is given up, and how many a run may take to be tried ten times larger."""
SOON = 300
LARGE = 50_000
"""Records a side from which only the operating point is measured."""
OWN = ("tokens", "plaintext")


def figures(scale: float) -> Figures:
    """A row for each program and pair of files; who is not there, or gave up, has a row that says so."""
    febrl = [Case(layout=f"febrl{number}", size=0, dirt="", overlap=0.0) for number in (1, 2, 3, 4)]
    growing = [Case(size=max(500, round(size * scale))) for size in (10_000, 100_000, 500_000)]
    found: list[Figures] = []
    asked = [*OWN, *PROGRAMS]
    for case in [*(febrl if FEBRL.is_dir() else ()), *growing]:
        rows = compared(case, asked)
        found += rows
        asked = [str(row["program"]) for row in rows if may_grow(row, case)]
    return {"runs": found}


def may_grow(row: Figures, case: Case) -> bool:
    """Whether a program that took so long is tried on the next files."""
    return "not_run" not in row and (case.size < LARGE or float(str(row["seconds"])) <= SOON)


def compared(case: Case, asked: Sequence[str]) -> list[Figures]:
    """The rows of some programs on one pair of files, each also said as soon as it is known."""
    a, b = files(case)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write(a, Path(folder) / "a.csv")
        write(b, Path(folder) / "b.csv")
        for who in asked:
            about = {"program": who, "layout": case.layout, "size": case.size}
            rows.append(about | (_own(who, case) if who in OWN else _peer(who, a, b, folder=Path(folder))))
            sys.stderr.write(json.dumps(rows[-1]) + "\n")
    return rows


def _peer(who: str, a: Records, b: Records, *, folder: Path) -> Figures:
    python = peers_at(ROOT) / who / "bin" / "python"
    if not python.exists():
        return {"not_run": "not installed: `make peers`"}
    try:
        told = run(python, who, folder, is_alone=len(a.people) >= LARGE)
    except subprocess.TimeoutExpired:
        return {"not_run": f"gave up after {GIVEN_UP} s"}
    except subprocess.CalledProcessError as ended:
        return {"not_run": f"ended with {ended.returncode}"}
    return scored(told, a, b)


def run(python: Path, who: str, folder: Path, *, is_alone: bool = False) -> dict[str, object]:
    """What a peer's program writes about a.csv and b.csv of a folder.

    Raises TimeoutExpired after GIVEN_UP seconds and CalledProcessError where it fails, memory included.
    """
    out = folder / f"{who}.json"
    module = f"tests.benchmarks.linkage.peer_programs.{PROGRAMS[who]}"
    command = [str(python), "-m", module, *(str(folder / name) for name in ("a.csv", "b.csv")), str(out)]
    command += ["alone"] if is_alone else []
    surroundings = os.environ | {"OMP_NUM_THREADS": "2", "PYSPARK_PYTHON": str(python)}
    with subprocess.Popen(command, cwd=ROOT, env=surroundings, start_new_session=True) as process:
        try:
            code = process.wait(GIVEN_UP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with its helpers
            raise
    if code:
        raise subprocess.CalledProcessError(code, command)
    told: dict[str, object] = json.loads(out.read_text())
    return told


def write(records: Records, path: Path) -> None:
    """The fields that peers are given, spelt as a provider's tool would: nobody is tried on capitals."""
    table = normalised(records.identifiers)
    table = table.select([name for name in FIELDS if name in table.column_names])
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, table.column_names)
        writer.writeheader()
        for record in table.to_pylist():
            writer.writerow({name: _told(name, value) for name, value in record.items()})


def _told(name: str, value: str | None) -> str:
    return {"1": "M", "2": "F"}.get(value or "", "") if name == "sex" else (value or "")


def scored(told: Mapping[str, object], a: Records, b: Records) -> Figures:
    """A peer's pairs against the truth: as it links them, and with each record once, heaviest first."""
    pairs, threshold = told["pairs"], float(str(told["threshold"]))
    assert isinstance(pairs, list)
    left, right, weight = (np.array([pair[at] for pair in pairs]) for at in range(3))
    left, right, weight = left.astype(np.int64), right.astype(np.int64), weight.astype(np.float64)
    people, others = np.array(a.people, dtype=object), np.array(b.people, dtype=object)
    is_true = (people[left] == others[right]) & (people[left] != None)  # noqa: E711 - elementwise
    true = number_of_true_pairs(a.people, b.people)
    single = one_to_one(left, right + len(a.people), weight)
    linked = scores_from(threshold, weight, is_true, true=true)
    once = scores_from(threshold, weight[single], is_true[single], true=true)
    return {
        "versions": told["versions"],
        "rule": told["rule"],
        "precision": linked.precision,
        "recall": linked.recall,
        "f1": linked.f1,
        "one_to_one_f1": once.f1,
        "best_f1": best_f1(weight[single], is_true[single], true=true) if told["has_curve"] else None,
        "seconds": told["seconds"],
        "peak_rss_bytes": told["peak_rss_bytes"],
    }


def _own(profile: str, case: Case) -> Figures:
    """Ours: one to one, seconds of encoding and linking, threshold and decoys with them."""
    found = measured(Case(profile, case.layout, case.size, case.overlap, case.dirt, case.seed))
    once, seconds = found["one_to_one"], found["seconds"]
    assert isinstance(once, dict)
    assert isinstance(seconds, dict)
    return {
        "rule": "threshold by competition, one to one",
        "precision": once["precision"],
        "recall": once["recall"],
        "f1": once["f1"],
        "one_to_one_f1": once["f1"],
        "best_f1": once["best_f1"],
        "seconds": sum(seconds.values()),
        "peak_rss_bytes": found["peak_rss_bytes"],
    }


if __name__ == "__main__":
    main(figures)
