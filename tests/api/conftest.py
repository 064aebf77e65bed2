"""A service at work for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.at_work import AtWork, Prepared, at_work, prepared


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def service(tmp_path: Path, shared: Prepared) -> Iterator[AtWork]:
    """A service where people are registered."""
    with at_work(tmp_path, shared, "registered") as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, shared: Prepared) -> Iterator[AtWork]:
    """A service where one project is open."""
    with at_work(tmp_path, shared, "project") as made:
        yield made


@pytest.fixture
def linked(tmp_path: Path, shared: Prepared) -> Iterator[AtWork]:
    """A service where two deliveries are linked."""
    with at_work(tmp_path, shared, "linked") as made:
        yield made


@pytest.fixture
def awaiting(tmp_path: Path, shared: Prepared) -> Iterator[AtWork]:
    """A service where a release awaits its checkers."""
    with at_work(tmp_path, shared, "awaiting") as made:
        yield made
