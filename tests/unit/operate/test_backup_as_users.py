"""Root backs up and restores: what was a process's own is its own again, and nobody else's."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations import upgrade
from service.clock import utc_now
from service.destructions.repetition import FILE
from service.operate.acting import shared_files
from service.operate.backups.description import Places
from service.operate.backups.restore import Known, restore
from service.operate.backups.take import back_up
from service.operate.folders import PROCESSES, user_of
from service.operate.installation import Home, Installation, create, share_database
from service.releases.forgotten import FILE as FORGOTTEN

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as other users")


@pytest.fixture
def home() -> Iterator[Home]:
    """An installation in a folder that other users may pass through."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    made = Home(root / "tre")
    create(made, Installation(port=8700, separate_users=True), random=secrets.token_bytes)
    with shared_files():
        upgrade(made.database_url)
    share_database(made)
    yield made
    shutil.rmtree(root)


def owners(home: Home) -> dict[str, tuple[int, int, int]]:
    """Owner, group and rights of all that is in an installation but what its processes make anew."""
    found = {}
    for path in (home.root, *sorted(home.root.rglob("*"))):
        name = path.relative_to(home.root).as_posix()
        made_anew = name.startswith(("status/", "control/control.db-")) or path.name in {FILE, FORGOTTEN}
        if not made_anew:
            said = path.stat()
            found[name] = (said.st_uid, said.st_gid, said.st_mode & 0o7777)
    return found


@needs_root
def test_everything_belongs_to_whom_it_did(home: Home) -> None:
    (home.vault("log") / "last-checkpoint").write_text("kept")
    os.chown(home.vault("log") / "last-checkpoint", *user_of("log"))
    places = Places(home.root.with_name("data"), home.root.with_name("keys"))
    back_up(home, places, lambda _: None, clock=utc_now, random=secrets.token_bytes)
    assert {place.stat().st_mode & 0o777 for place in places} == {0o700}
    again = Home(home.root.with_name("again"))
    restore(again, places, Known(behind=True))
    assert owners(again) == owners(home)
    for role in ("linkage", "analysis", "gate"):
        said = (again.vault(role) / FILE).stat()
        assert ((said.st_uid, said.st_gid), said.st_mode & 0o777) == (user_of(role), 0o600)
    locks = {path.parent.name: path.stat().st_uid for path in (home.root / "status").glob("*/lock")}
    assert locks == {role: user_of(role)[0] for role in PROCESSES if role != "api"}
