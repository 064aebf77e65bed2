"""Roles for the processes, where there can be none."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

import migrations
from service.operate.database_roles import divide
from service.operate.installation import Home, Installation, create
from service.problems.tools import DatabaseRolesRefused
from tests.databases import Server


def test_sqlite_knows_no_roles(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    create(home, Installation(port=1, separate_users=False), random=secrets.token_bytes)
    with pytest.raises(DatabaseRolesRefused):
        divide(home, secrets.token_bytes)
    assert not home.read().database_roles


@pytest.mark.outside(tool="postgresql")
def test_an_owner_that_may_not_make_roles_is_told_and_nothing_is_changed(
    tmp_path: Path, postgresql: Server
) -> None:
    url = postgresql.fresh()
    migrations.upgrade(url)
    postgresql.run("CREATE ROLE plain LOGIN")
    home = Home(tmp_path / "home")
    plain = Installation(port=1, separate_users=False, database_url=url.replace("postgres@", "plain@"))
    create(home, plain, random=secrets.token_bytes)
    with pytest.raises(DatabaseRolesRefused):
        divide(home, secrets.token_bytes)
    assert not home.read().database_roles
    assert not home.passfile("api").exists()
    postgresql.drop(url)
