"""Histories that are none: each a named refusal, exit 1, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.disclosure import history_files
from linkage_engine.laboratory.main import app

Columns = Mapping[str, Sequence[object] | np.ndarray]
GOOD: Columns = {
    "release": [1] * 40,
    "cell": [1] * 20 + [2] * 20,
    "record": [*range(20), *range(17), 30, 31, 32],
    "parent": [None] * 40,
    "dimension_count": [0] * 40,
}


def written(path: Path, columns: Columns) -> Path:
    pq.write_table(pa.table(columns), path, write_page_checksum=True)
    return path


def asked(command: str, cells: Path, folder: Path, *, groups: Path | None = None, threshold: int = 10) -> str:
    """What the command says; a refusal is one line, and no file is written."""
    groups = groups or written(folder / "groups.parquet", {"group": [1, 1], "record": [0, 1]})
    files = {"history": ["--groups", str(groups)], "admit": ["--csv", str(folder / "out.csv")]}
    arguments = ["disclosure", command, str(cells), *files[command], "--threshold", str(threshold)]
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, SystemExit | None), done.exception
    if done.exit_code:
        assert (done.exit_code, done.output.count("\n")) == (1, 1)
        assert not (folder / "out.csv").exists()
    return done.output


def changed(name: str, place: int, value: object) -> Columns:
    column = list(GOOD[name])
    column[place] = value
    return {**GOOD, name: column}


BAD = {
    "negative record": (changed("record", 3, -4), "rows-invalid"),
    "negative cell": (changed("cell", 3, -4), "rows-invalid"),
    "negative release": (changed("release", 3, -4), "rows-invalid"),
    "cell without a record": (changed("record", 39, None), "rows-invalid"),
    "record without a cell": (changed("cell", 3, None), "rows-invalid"),
    "number of 64 bits": (
        {**GOOD} | {"record": np.array([*range(39), 2**64 - 1], dtype=np.uint64)},
        "rows-invalid",
    ),
    "fraction": ({**GOOD} | {"record": [0.5, *range(39)]}, "columns-differ"),
    "not a number": ({**GOOD} | {"record": [float("nan"), *range(39)]}, "columns-differ"),
    "words": ({**GOOD} | {"cell": ["one"] * 40}, "columns-differ"),
    "truth": ({**GOOD} | {"cell": [True] * 40}, "columns-differ"),
    "a column missing": ({"release": [1], "cell": [1]}, "columns-differ"),
    "nothing at all": ({name: pa.array([], pa.int64()) for name in GOOD}, "rows-invalid"),
    "nothing of any kind": ({name: pa.array([], pa.null()) for name in GOOD}, "rows-invalid"),
}


@pytest.mark.parametrize("command", ["history", "admit"])
@pytest.mark.parametrize(("columns", "code"), BAD.values(), ids=BAD)
def test_what_is_no_history_is_refused_by_name(
    command: str, columns: Columns, code: str, tmp_path: Path
) -> None:
    cells = written(tmp_path / "cells.parquet", columns)
    assert asked(command, cells, tmp_path).startswith(f"refused: {code} ")


@pytest.mark.parametrize("command", ["history", "admit"])
@pytest.mark.parametrize("threshold", [-1, 0, 1])
def test_a_threshold_that_protects_nobody_is_refused(command: str, threshold: int, tmp_path: Path) -> None:
    cells = written(tmp_path / "cells.parquet", GOOD)
    said = asked(command, cells, tmp_path, threshold=threshold)
    assert said == f"refused: policy-invalid {{'threshold': {threshold}}}\n"


@pytest.mark.parametrize("command", ["history", "admit"])
@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda _: b"release,cell,record\n1,1,1\n", lambda data: data[:-20]],
    ids=["empty", "text", "cut off"],
)
def test_a_file_of_another_kind_is_refused(
    command: str, damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    cells = written(tmp_path / "cells.parquet", GOOD)
    cells.write_bytes(damage(cells.read_bytes()))
    assert asked(command, cells, tmp_path) == "refused: part-not-parquet {}\n"


def test_a_byte_that_was_changed_in_the_data_is_found(tmp_path: Path) -> None:
    """Every page has its checksum: whichever byte of the data it is, nothing is decided."""
    cells = written(tmp_path / "cells.parquet", GOOD)
    whole = cells.read_bytes()
    column = pq.ParquetFile(cells).metadata.row_group(0).column(2)
    begin = (
        column.data_page_offset if column.dictionary_page_offset is None else column.dictionary_page_offset
    )
    end = begin + column.total_compressed_size
    for place in range(end - 4, end):
        cells.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert asked("history", cells, tmp_path).startswith("refused: ")


def test_rows_that_stand_twice_count_once(tmp_path: Path) -> None:
    twice = {name: [*column, *column] for name, column in GOOD.items()}
    said = [
        asked("admit", written(tmp_path / f"{number}.parquet", columns), tmp_path)
        for number, columns in enumerate((GOOD, twice))
    ]
    figures = [each.split('"seconds"')[0] for each in said]
    assert figures[0] == figures[1]


def test_one_cell_is_a_history(tmp_path: Path) -> None:
    one = {name: column[:20] for name, column in GOOD.items()}
    cells = written(tmp_path / "cells.parquet", one)
    assert '"published": 1' in asked("admit", cells, tmp_path)
    assert '"verdict": "safe"' in asked("history", cells, tmp_path)


def test_records_that_no_cell_has_are_determined_by_nothing(tmp_path: Path) -> None:
    cells = written(tmp_path / "cells.parquet", GOOD)
    groups = written(tmp_path / "groups.parquet", {"group": [5, 5], "record": [10**12, 10**15]})
    assert '"determined_groups": []' in asked("history", cells, tmp_path, groups=groups)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"group": [1], "record": [-1]}, "rows-invalid"),
        ({"group": [None], "record": [1]}, "rows-invalid"),
        ({"group": [1], "record": [1.5]}, "columns-differ"),
        ({"record": [1]}, "columns-differ"),
    ],
)
def test_groups_that_are_none_are_refused(columns: Columns, code: str, tmp_path: Path) -> None:
    cells = written(tmp_path / "cells.parquet", GOOD)
    groups = written(tmp_path / "bad.parquet", columns)
    assert asked("history", cells, tmp_path, groups=groups).startswith(f"refused: {code} ")


def test_a_million_cells_are_refused_before_anything_is_made_of_them(tmp_path: Path) -> None:
    many = np.arange(1_000_000)
    whole = {"release": np.ones_like(many), "cell": many, "record": many}
    columns: Columns = whole | {"parent": -np.ones_like(many), "dimension_count": np.zeros_like(many)}
    cells = written(tmp_path / "cells.parquet", columns)
    for command, most in (
        ("history", history_files.MOST_CELLS),
        ("admit", history_files.MOST_CELLS_OF_A_TABLE),
    ):
        said = asked(command, cells, tmp_path)
        assert said == f"refused: table-too-large {{'cells': 1000000, 'most': {most}}}\n"
