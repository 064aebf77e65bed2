"""The story told once, and a copy of any of its stages for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.stages import Stages, tell, workshop
from tests.integration.workshop import Workshop

At = Callable[[str], Workshop]


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    return tell(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def at(tmp_path: Path, stages: Stages) -> Iterator[At]:
    """The installation at a stage: `at("approved")`."""
    with ExitStack() as stack:
        yield lambda stage: stack.enter_context(workshop(tmp_path, stages, stage))
