"""The key of sign-ins by browser on a machine that was set up before there was one."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import upgrade
from service.audit.records import AuditEntry
from service.audit.vocabulary import Action
from service.command_line import run
from service.database import engine_for, read_sessions
from service.keys import PeopleKey
from service.operate.folders import user_of
from service.operate.installation import Home, Installation, create, environment, share_database
from service.operate.main import app
from service.operate.people_key import prepare, put_in_place
from service.problems.tools import PeopleKeyThere
from service.settings import ApiSettings, settings_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")


def a_machine(folder: Path, *, separate_users: bool = False) -> Home:
    home = Home(folder)
    create(home, Installation(port=8700, separate_users=separate_users), random=secrets.token_bytes)
    upgrade(home.database_url)
    share_database(home)
    home.people_key.unlink()
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation from before people signed in by browser."""
    return a_machine(tmp_path / "machine")


def made_entries(home: Home) -> list[tuple[str, str]]:
    engine = engine_for(home.database_url)
    with read_sessions(engine)() as session:
        found = [(row.actor, row.action) for row in session.scalars(sa.select(AuditEntry))]
    engine.dispose()
    return found


def test_the_key_is_made_entered_and_what_the_api_is_told_of(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings_for(ApiSettings, environment(home, "api")).people_key is None
    assert run(app, ["people-key", str(home.root)]) == 0
    said = capsys.readouterr().out
    assert said == f"{home.people_key}: made; start the service again\n"
    assert settings_for(ApiSettings, environment(home, "api")).people_key == home.people_key
    PeopleKey.from_file(home.people_key)
    assert stat.S_IMODE(home.people_key.stat().st_mode) == 0o400
    assert made_entries(home) == [("operator", Action.KEY_MAKE)]
    assert not list((home.root / "keys").glob("people*"))


def test_a_key_that_is_there_stays_and_nothing_is_entered(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    PeopleKey.write(home.people_key, bytes(32))
    before = home.people_key.read_bytes()
    assert run(app, ["people-key", str(home.root)]) == 1
    assert capsys.readouterr().err.startswith("People's key is there: ")
    assert home.people_key.read_bytes() == before
    assert made_entries(home) == []


def test_a_link_in_its_place_is_not_followed(home: Home, tmp_path: Path) -> None:
    home.people_key.symlink_to(tmp_path / "elsewhere")
    assert run(app, ["people-key", str(home.root)]) == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_run_that_was_broken_off_leaves_no_key_and_the_next_one_makes_another(home: Home) -> None:
    prepare(home, bytes)
    assert not home.people_key.exists()
    assert run(app, ["people-key", str(home.root)]) == 0
    assert PeopleKey.from_file(home.people_key).mac("a", b"b") != PeopleKey(bytes(32)).mac("a", b"b")


def test_of_two_runs_at_once_the_first_key_stays(home: Home) -> None:
    prepare(home, bytes)
    PeopleKey.write(home.people_key, b"f" * 32)
    with pytest.raises(PeopleKeyThere):
        put_in_place(home)
    assert PeopleKey.from_file(home.people_key).mac("a", b"b") == PeopleKey(b"f" * 32).mac("a", b"b")
    assert not list((home.root / "keys").glob("people*"))


@needs_root
def test_with_separate_users_the_key_is_the_apis(tmp_path: Path) -> None:
    home = a_machine(tmp_path / "machine", separate_users=True)
    assert run(app, ["people-key", str(home.root)]) == 0
    assert (home.people_key.stat().st_uid, home.people_key.stat().st_gid) == user_of("api")


@needs_root
def test_who_did_not_set_up_makes_none(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    os.seteuid(user_of("log")[0])
    try:
        assert run(app, ["people-key", str(home.root)]) == 1
    finally:
        os.seteuid(0)
    assert "Permission denied" in capsys.readouterr().err
    assert not home.people_key.exists()
    assert made_entries(home) == []
