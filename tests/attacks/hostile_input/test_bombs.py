"""Bombs at the analysis worker's door: refused by name, at once, and without the memory they ask for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.attacks.hostile_input.bombs import BOMBS

SECONDS, BYTES = 2.0, 512 << 20


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What a process of its own says of each: they are made here, so that their making is not measured."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, make in BOMBS.items():
        (folder / f"{name}.bomb").write_bytes(make())
    program = [sys.executable, "-m", "tests.attacks.hostile_input.bombs", str(folder)]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120).stdout
    return {found.pop("name"): found for found in map(json.loads, said.splitlines())}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gibibyte_of_zeros", "part-too-large"),
        ("gibibyte_that_the_footer_denies", "part-not-parquet"),
        ("huge_cell_a_thousand_times", "part-too-large"),
        ("fifty_million_rows_alike", "part-too-large"),
        ("million_columns", "part-not-parquet"),
        ("as_many_columns_as_a_footer_holds", "part-not-parquet"),
        ("as_many_chunks_as_a_footer_holds", "columns-differ"),
    ],
)
def test_a_bomb_is_refused_within_two_seconds_and_half_a_gibibyte(
    opened: dict[str, dict[str, object]], name: str, code: str
) -> None:
    found = opened[name]
    assert found["code"] == code
    assert float(str(found["seconds"])) < SECONDS
    assert int(str(found["peak_bytes"])) < BYTES


def test_every_bomb_is_looked_at(opened: dict[str, dict[str, object]]) -> None:
    assert opened.keys() == BOMBS.keys()
