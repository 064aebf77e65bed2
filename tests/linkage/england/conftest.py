"""One synthetic England for all of these tests."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from linkage_engine.laboratory.england.write import England, write_england

Rows = list[dict[str, str]]


def rows(path: Path) -> Rows:
    """A CSV file as dictionaries."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="session")
def england_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All providers' files of 20,000 people, seed 1."""
    out = tmp_path_factory.mktemp("england")
    write_england(out, people=20_000, seed=1)
    return out


@pytest.fixture
def small_england(tmp_path: Path) -> tuple[Path, England]:
    """Two blocks of people, seed 4."""
    return tmp_path, write_england(tmp_path, people=1500, seed=4)
