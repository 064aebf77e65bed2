"""A bundle made once, and a copy of it for each test to change."""

from __future__ import annotations

import pytest

from tests.attacks.audit.tampering import Members
from tests.unit.audit.log_factories import bundle_members


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return bundle_members(tmp_path_factory.mktemp("log"))


@pytest.fixture
def members(untouched: Members) -> Members:
    return dict(untouched)
