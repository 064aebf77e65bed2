"""tre-evaluate disclosure history, admit and planned."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.disclosure.history_files import read_tables, write_tables
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of
from linkage_engine.laboratory.main import app


def said(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["disclosure", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def parquet(path: Path, **columns: Sequence[int | str | None]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def cells_of(path: Path, *sets: range) -> Path:
    rows = [(cell, record) for cell, people in enumerate(sets) for record in people]
    return parquet(path, release=[1] * len(rows), cell=[c for c, _ in rows], record=[r for _, r in rows])


def test_history_names_what_can_be_computed(tmp_path: Path) -> None:
    cells = cells_of(tmp_path / "cells.parquet", range(100, 150), range(100, 147), range(200, 230))
    groups = parquet(tmp_path / "groups.parquet", group=[7, 7, 7, 9], record=[147, 148, 149, 999])
    out = tmp_path / "out.json"
    said("history", cells, "--groups", groups, "--threshold", 10, "--json", out)
    found = json.loads(out.read_text())
    assert (found["cells"], found["records"], found["rank"]) == (3, 81, 3)
    assert found["determined_groups"] == [7]
    assert (found["determined_persons"], found["small_differences"]) == (0, 1)
    assert found["verdict"] == "determined"
    assert found["residual"] < 1e-8
    assert set(found["leverage"]) == {"mean", "top1"}
    assert found["seconds"] > 0


def test_admit_hides_what_history_would_find(tmp_path: Path) -> None:
    cells, out = tmp_path / "cells.parquet", tmp_path / "out.json"
    said("planned", "--out", cells, "--persons", 300, "--tables", 4)
    published, groups = tmp_path / "published.parquet", tmp_path / "groups.parquet"
    files = ("--published", published, "--groups", groups, "--json", out)
    said("admit", cells, "--threshold", 10, "--csv", tmp_path / "one.csv", *files)
    said("admit", cells, "--threshold", 10, "--csv", tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    rows = list(csv.DictReader((tmp_path / "one.csv").read_text().splitlines()))
    found = json.loads(out.read_text())
    assert found["releases"] == 4
    assert found["cells"] == len(rows) == found["published"] + found["small"] + found["hidden"]
    assert found["published"] == sum(row["outcome"] == "published" for row in rows)
    gate = json.loads(said("history", published, "--groups", groups))
    assert (gate["verdict"], gate["small_differences"]) == ("safe", 0)
    assert gate["rank"] == found["rank"]


def test_tables_come_back_from_a_file(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    people = cohort(300, random)
    made = [table_of(people, each) for each in plan(5, random)]
    write_tables(tmp_path / "cells.parquet", enumerate(made))
    for (_, _, read), table in zip(read_tables(tmp_path / "cells.parquet"), made, strict=True):
        assert read.cells.digests == table.cells.digests
        assert read.dimension_counts == table.dimension_counts
        assert {(each.parent, each.children) for each in read.families} == {
            (each.parent, each.children) for each in table.families
        }


def test_columns_that_are_missing_or_no_integers_are_refused(tmp_path: Path) -> None:
    groups = parquet(tmp_path / "groups.parquet", group=[1], record=[1])
    missing = parquet(tmp_path / "missing.parquet", release=[1], cell=[1])
    words = parquet(tmp_path / "words.parquet", release=[1], cell=[1], record=["one"])
    assert "columns-differ" in said("history", missing, "--groups", groups, code=1)
    assert "columns-differ" in said("history", words, "--groups", groups, code=1)
    assert "columns-differ" in said("admit", words, "--csv", tmp_path / "out.csv", code=1)


def test_a_file_without_parents_is_admitted_cell_by_cell(tmp_path: Path) -> None:
    rows = 40
    cells = parquet(
        tmp_path / "cells.parquet",
        release=[1] * rows,
        cell=[1] * 20 + [2] * 20,
        record=[*range(20), *range(17), 30, 31, 32],
        parent=[None] * rows,
        dimension_count=[0] * rows,
    )
    said("admit", cells, "--threshold", 5, "--csv", tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines == ["release,cell,outcome,reason", "1,1,published,admitted", "1,2,published,admitted"]


@pytest.mark.parametrize("command", ["history", "admit", "planned"])
def test_every_command_says_what_it_does(command: str) -> None:
    assert "threshold" in said(command, "--help") or "tables" in said(command, "--help")
