"""A log in a new database of the kind that the test is run on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.audit.log_factories import Log, a_log_in


@pytest.fixture
def log(empty_database: str) -> Iterator[Log]:
    made = a_log_in(empty_database)
    yield made
    made.engine.dispose()
