"""The cell-key tables of the Office for National Statistics, by the code that ours goes through."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest

from linkage_engine.disclosure.cellkey.keys import Persons, cell_keys
from linkage_engine.disclosure.cellkey.table import PerturbationTable, Row

BITS, PERIOD, THRESHOLD = 8, 250, 10
"""Keys modulo 256; counts over 750 take rows 501 to 750 in turn; smaller results are withheld."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def the_table(path: Path) -> PerturbationTable:
    lines = [tuple(map(int, line.values())) for line in rows_of(path)]
    made = []
    for _, group in itertools.groupby(lines, key=lambda line: line[0]):
        steps = list(group)
        ends = np.array([last + 1 for _, _, last, _ in steps], dtype=np.int64)
        made.append(Row(ends=ends, added=np.array([added for *_, added in steps], dtype=np.int64)))
    return PerturbationTable(BITS, tuple(made), period=PERIOD)


@pytest.mark.outside(tool="data")
def test_the_expectation_of_the_ons_is_met_in_all_sixty_rows(outside_data: Path) -> None:
    folder = outside_data / "disclosure"
    people = rows_of(folder / "ons_ckp_micro.csv")
    expected = rows_of(folder / "ons_ckp_expected_first60.csv")
    table = the_table(folder / "ons_ckp_ptable_10_5_rle.csv")
    assert len(expected) == 60

    keys = np.array([int(person["record_key"]) for person in people], dtype=np.uint64)
    cells: list[Persons] = [
        np.array(
            [n for n, p in enumerate(people) if all(p[v] == row[v] for v in ("var1", "var5", "var8"))],
            dtype=np.int32,
        )
        for row in expected
    ]
    counts, found = np.array([cell.size for cell in cells]), cell_keys(keys, cells)
    perturbed = table.perturbed(counts, found)

    told = [str(float(number)) if number >= THRESHOLD else "" for number in perturbed.tolist()]
    assert [int(row["pre_sdc_count"]) for row in expected] == counts.tolist()
    assert [int(row["ckey"]) for row in expected] == (found % 256).tolist()
    assert [int(row["pvalue"]) for row in expected] == (perturbed - counts).tolist()
    assert [row["count"] for row in expected] == told
