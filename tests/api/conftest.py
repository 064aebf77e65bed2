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
    """A service whose people are registered."""
    with at_work(tmp_path, shared, shared.registered) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, shared: Prepared) -> Iterator[AtWork]:
    """A service with one project."""
    with at_work(tmp_path, shared, shared.with_project) as made:
        yield made
