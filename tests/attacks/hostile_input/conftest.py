"""Hostile providers with the keys of real ones."""

from __future__ import annotations

import pytest

from tests.forged import Forger, forger
from tests.running import Running


@pytest.fixture(scope="session")
def practices(running: Running) -> Forger:
    """The federation of practices, which has one payload part."""
    return forger(running, "gp-federation")


@pytest.fixture(scope="session")
def registry(running: Running) -> Forger:
    """The cancer registry, which has two."""
    return forger(running, "cancer-registry")
