"""Key files of a role, its settings, and its sign of life."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from service.jobs import WorkerRole
from service.keys import write_private
from service.problems.tools import KeyFolderUnusable
from service.sandbox.status import write_status
from service.settings import GateSettings, WorkerSettings
from service.worker.duties import settings_of
from service.worker.roles import inside
from tests.factories import NOON, Watch


def key_files(folder: Path) -> tuple[Path, Path]:
    identity = Identity.generate(secrets.token_bytes)
    write_private(folder / "identity.age", identity.secret_text() + "\n")
    Keystore.create(folder / "at-rest.key", secrets.token_bytes)
    return folder / "identity.age", folder / "at-rest.key"


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(0o400)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "readable by others": lambda path: path.chmod(0o444),
    "of another kind": lambda path: rewrite(path, b"\xff" * 31),
    "a truncated text": lambda path: rewrite(path, path.read_bytes()[:20]),
}


def test_keys_that_are_their_owners_alone_are_opened(tmp_path: Path) -> None:
    identity, at_rest = key_files(tmp_path)
    opened = inside(identity, at_rest, tmp_path / "vault", secrets.token_bytes)
    assert opened.identity.secret_text() == identity.read_text().strip()
    assert "withheld" in repr(opened)


@pytest.mark.parametrize("which", [0, 1], ids=["identity", "at rest"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_key_that_cannot_serve_is_refused(tmp_path: Path, which: int, damage: str) -> None:
    files = key_files(tmp_path)
    DAMAGES[damage](files[which])
    with pytest.raises(KeyFolderUnusable):
        inside(*files, tmp_path / "vault", secrets.token_bytes)


def test_each_role_has_settings_of_its_own() -> None:
    forms = [settings_of(role) for role in WorkerRole]
    assert len(set(forms)) == len(forms)
    assert settings_of(WorkerRole.GATE) is GateSettings
    assert all(issubclass(form, WorkerSettings) for form in forms)


def test_a_sign_of_life_is_whole_and_says_what_was_measured(tmp_path: Path) -> None:
    clock = Watch()
    for isolation in ("reduced", "full"):
        write_status(tmp_path, "gate", isolation=isolation, opened=["network", "exec"], clock=clock)
    assert [path.name for path in (tmp_path / "gate").iterdir()] == ["status.json"]
    assert json.loads((tmp_path / "gate" / "status.json").read_text()) == {
        "role": "gate",
        "pid": os.getpid(),
        "isolation": "full",
        "open": ["exec", "network"],
        "seen_at": NOON.isoformat(),
    }
