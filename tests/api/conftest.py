"""A service at work for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.at_work import AtWork, Prepared, at_work, prepared
from tests.databases import Databases

At = Callable[[str], AbstractContextManager[AtWork]]


@pytest.fixture(scope="session")
def preparations(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Databases], Prepared]:
    """What all tests on one kind of database share, made when the first of them asks."""
    made: dict[str, Prepared] = {}

    def on(databases: Databases) -> Prepared:
        if databases.kind not in made:
            made[databases.kind] = prepared(tmp_path_factory.mktemp("prepared"), databases)
        return made[databases.kind]

    return on


@pytest.fixture
def shared(preparations: Callable[[Databases], Prepared], databases: Databases) -> Prepared:
    return preparations(databases)


@pytest.fixture
def at(tmp_path: Path, shared: Prepared, copied: Callable[[str], str]) -> At:
    """A service on a copy of the database after a stage of the story."""
    return lambda stage: at_work(tmp_path, shared, copied(shared.urls[stage]))


@pytest.fixture
def service(at: At) -> Iterator[AtWork]:
    """A service where people are registered."""
    with at("registered") as made:
        yield made


@pytest.fixture
def project(at: At) -> Iterator[AtWork]:
    """A service where one project is open."""
    with at("project") as made:
        yield made


@pytest.fixture
def linked(at: At) -> Iterator[AtWork]:
    """A service where two deliveries are linked."""
    with at("linked") as made:
        yield made


@pytest.fixture
def awaiting(at: At) -> Iterator[AtWork]:
    """A service where a release awaits its checkers."""
    with at("awaiting") as made:
        yield made
