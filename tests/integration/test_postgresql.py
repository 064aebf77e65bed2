"""The whole path over a real PostgreSQL: deliveries, linkage, a question, two approvals, a signed release."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.audit.vocabulary import Action
from service.operate.installation import Home
from service.releases.rules import ReleaseState
from tests.integration.cast import the_cast
from tests.integration.stages import STORY, opened

pytestmark = [
    pytest.mark.outside(tool="postgresql"),
    pytest.mark.parametrize("databases", ["postgresql"], indirect=True),
]


def test_the_whole_story_is_told_on_postgresql(tmp_path: Path, empty_database: str) -> None:
    with opened(Home(tmp_path / "home"), the_cast(), empty_database) as shop:
        assert shop.sessions.kw["bind"].dialect.name == "postgresql"
        for step in STORY.values():
            step(shop)
        assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
        assert Action.RELEASE_SIGN in [entry.action for entry in shop.entries()]
