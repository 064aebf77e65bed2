"""One linkage of two made files in a process of its own: prints what `tre-evaluate linkage` does."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.linkage import evaluate_linkage
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.two_files import make

FEBRL = Path("build/outside/febrl")
DIRT = {"clean": make.CLEAN, "ordinary": make.ORDINARY, "very dirty": make.VERY_DIRTY}
LAYOUTS = {
    "england": make.ENGLAND,
    "numbered": make.NUMBERED,
    "census": make.CENSUS,
    "sparse": make.SPARSE,
    "uneven": make.UNEVEN,
}
GIVEN_UP = 3600
"""Seconds after which a linkage is given up."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two files and how they are linked; `layout` may be one of FEBRL's data sets, `febrl1` to `febrl4`."""

    profile: str = "tokens"
    layout: str = "england"
    size: int = 10_000
    overlap: float = 0.5
    dirt: str = "ordinary"
    seed: int = 1


def measured(case: Case) -> dict[str, object]:
    """The case with its figures, from a process of its own so that its memory is its own."""
    done = subprocess.run(  # this module, no shell
        [sys.executable, "-m", "tests.benchmarks.linkage.one", json.dumps(asdict(case))],
        stdout=subprocess.PIPE,
        text=True,
        timeout=GIVEN_UP,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return asdict(case) | found


def files(case: Case) -> tuple[Records, Records]:
    """The two files of a case."""
    if case.layout.startswith("febrl"):
        return _febrl(case.layout)
    return make.two_files(
        case.size, overlap=case.overlap, dirt=DIRT[case.dirt], seed=case.seed, layout=LAYOUTS[case.layout]
    )


def _febrl(name: str) -> tuple[Records, Records]:
    """Data set 4 as its two files; of the others the originals, and the first copy of each that has one."""
    if name == "febrl4":
        return _records(_rows("dataset4a.csv")), _records(_rows("dataset4b.csv"))
    rows = _rows(name.replace("febrl", "dataset") + ".csv")
    return tuple(_records([row for row in rows if row["rec_id"].endswith(end)]) for end in ("-org", "-dup-0"))  # type: ignore[return-value]  # two


def _rows(name: str) -> list[dict[str, str]]:
    with (FEBRL / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, skipinitialspace=True))


def _records(rows: list[dict[str, str]]) -> Records:
    columns = {
        "given_name": [row["given_name"] for row in rows],
        "family_name": [row["surname"] for row in rows],
        "date_of_birth": [row["date_of_birth"] for row in rows],
        "postcode": [row["postcode"] for row in rows],
        "address": [f"{row['street_number']} {row['address_1']} {row['address_2']}" for row in rows],
    }
    table = pa.table(
        {name: pa.array([t.strip() or None for t in c], pa.string()) for name, c in columns.items()}
    )
    return Records(table, tuple(row["rec_id"].split("-")[1] for row in rows))


def main() -> None:
    """Links the case that is given as JSON."""
    case = Case(**json.loads(sys.argv[1]))
    found = evaluate_linkage(*files(case), profile=LinkageProfile(case.profile), threads=2, seed=case.seed)
    sys.stdout.write(json.dumps(found.as_json()) + "\n")


if __name__ == "__main__":
    main()
