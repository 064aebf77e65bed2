"""Doors for each test, two small deliveries and their links made once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from linkage_engine.boundary import Linked
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files, registry_files
from tests.integration.sealed import Delivered
from tests.unit.boundary.doors import Deliveries, Doors, doors_in, link, receive_identifiers, the_desk


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return doors_in(tmp_path)


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Delivered]:
    """A delivery of each provider."""
    desk = the_desk()
    folder = tmp_path_factory.mktemp("desks")
    return {
        REGISTRY: desk.deliver(folder / REGISTRY, registry_files),
        PRACTICES: desk.deliver(folder / PRACTICES, practice_files),
    }


@pytest.fixture(scope="session")
def linked(delivered: Deliveries, tmp_path_factory: pytest.TempPathFactory) -> Linked:
    """The links between the two deliveries."""
    doors = doors_in(tmp_path_factory.mktemp("linked"))
    receive_identifiers(doors, delivered.values())
    return link(doors, delivered)
