"""Root rotates a key as the role's own user: what is made is the role's to read, and nobody else's."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.operate.folders import acting_as, user_of
from service.operate.installation import Home, Installation, create
from service.operate.rotation.at_rest import Entries, rotate
from service.operate.rotation.key_files import KeyFiles

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as other users")


@pytest.fixture
def home() -> Iterator[Home]:
    """An installation in a folder that other users may pass through."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    made = Home(root / "tre")
    create(made, Installation(port=8700, separate_users=True), random=secrets.token_bytes)
    yield made
    shutil.rmtree(root)


@needs_root
def test_what_a_rotation_makes_is_the_roles_own(home: Home) -> None:
    key = KeyFiles(home.keys("analysis")).key
    with acting_as("analysis", separate=True):
        Vault(home.vault("analysis"), Keystore.from_file(key)).write("project-1", "n", pa.table({"n": [1]}))
    users = []
    entries = Entries(
        lambda *_: users.append(os.geteuid()),  # the operator's own user writes the log
        lambda *_: users.append(os.geteuid()),
    )
    assert rotate(home, "analysis", entries, secrets.token_bytes).files == 1
    assert users == [0, 0]
    assert (os.geteuid(), os.getegid()) == (0, 0)
    made = [
        *home.keys("analysis").iterdir(),
        *home.vault("analysis").rglob("*.key"),
        home.root / "status" / "analysis" / "lock",
    ]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {user_of("analysis")}
    assert key.stat().st_mode & 0o777 == 0o400
    assert Vault(home.vault("analysis"), Keystore.from_file(key)).read("project-1", "n").num_rows == 1
