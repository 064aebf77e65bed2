"""What is shredded is written down first, opens nowhere any more, and ends the same wherever it was cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet.encryption import create_encryption_properties

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.vault.content_keys import key_file, opened
from linkage_engine.vault.keystore import WRAPPED_BYTES, Keystore
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import (
    Order,
    check_not_destroyed,
    check_open,
    destroyed_deliveries,
    shred,
    shred_project,
)

KEYSTORE = Keystore(bytes(range(32)))
ORDER = Order("ab" * 16, "project-1", "north", "cd" * 16)
OWN, SHARED, OTHER = f"payload/north/{ORDER.delivery_id}/death", "crosswalk", "payload/south/x/death"
BEFORE, WITHOUT = pa.table({"n": [1, 2]}), pa.table({"n": [2]})


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault", KEYSTORE)
    for name in (OWN, SHARED, OTHER):
        made.write(ORDER.project_id, name, BEFORE)
    return made


def shredded(vault: Vault) -> tuple[DestroyedKey, ...]:
    """As a door does it: what is still to be written anew follows from what is there."""
    there = [OWN] if vault.exists(ORDER.project_id, OWN) else []
    left = vault.read(ORDER.project_id, SHARED) != WITHOUT
    return shred(vault, ORDER, removed=there, rewritten={SHARED: WITHOUT} if left else {})


def file_of(vault: Vault, name: str) -> Path:
    return vault._path(ORDER.project_id, name)


def test_copies_of_the_tables_open_no_more_and_everything_else_does(vault: Vault) -> None:
    copies = {name: file_of(vault, name).read_bytes() for name in (OWN, SHARED)}
    digests = {name: vault.key_digests(ORDER.project_id, name) for name in (OWN, SHARED)}
    destroyed = shredded(vault)
    assert destroyed == (
        DestroyedKey(name=OWN, keys_sha256=tuple(digests[OWN]), rewritten=False),
        DestroyedKey(name=SHARED, keys_sha256=tuple(digests[SHARED]), rewritten=True),
    )
    assert vault.read(ORDER.project_id, SHARED) == WITHOUT
    assert vault.read(ORDER.project_id, OTHER) == BEFORE
    for name, copy in copies.items():
        file_of(vault, name).write_bytes(copy)
        with pytest.raises(EngineRefusal) as refused:
            vault.read(ORDER.project_id, name)
        assert refused.value.code is RefusalCode.VAULT_DAMAGED


def test_a_shredded_delivery_is_known_for_good(vault: Vault) -> None:
    check_not_destroyed(vault, ORDER.project_id, ORDER.provider_id, ORDER.delivery_id)
    shredded(vault)
    assert destroyed_deliveries(vault, ORDER.project_id) == {(ORDER.provider_id, ORDER.delivery_id)}
    with pytest.raises(NotTrusted):
        check_not_destroyed(vault, ORDER.project_id, ORDER.provider_id, ORDER.delivery_id)
    check_not_destroyed(vault, ORDER.project_id, ORDER.provider_id, "ef" * 16)


def test_a_table_of_before_content_keys_is_removed_and_no_key_is_claimed(vault: Vault) -> None:
    vault.remove(ORDER.project_id, OWN)
    path = file_of(vault, OWN)
    key = KEYSTORE.data_key(ORDER.project_id, OWN)
    pq.write_table(BEFORE, path, encryption_properties=create_encryption_properties(key))
    assert shredded(vault)[0] == DestroyedKey(name=OWN, keys_sha256=(), rewritten=False)
    assert not path.exists()


class Cut(BaseException):
    """The process ends here."""


def cutting(real: Callable[..., object], at: int, steps: list[str]) -> Callable[..., object]:
    def step(*arguments: object, **named: object) -> object:
        steps.append(real.__name__)
        if len(steps) > at:
            raise Cut
        return real(*arguments, **named)

    return step


def test_cut_at_any_step_and_done_again_it_ends_the_same(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tmp_path / "vault", tmp_path / "copy")
    expected = shredded(vault)
    steps: list[str] = []
    for at in range(60):
        shutil.rmtree(tmp_path / "vault")
        shutil.copytree(tmp_path / "copy", tmp_path / "vault")
        steps.clear()
        with monkeypatch.context() as patch:
            for name in ("open", "fsync", "replace", "unlink"):
                patch.setattr(os, name, cutting(getattr(os, name), at, steps))
            try:
                shredded(vault)
                whole = True
            except Cut:
                whole = False
        assert shredded(vault) == expected
        assert not vault.exists(ORDER.project_id, OWN)
        assert not key_file(file_of(vault, OWN)).exists()
        assert vault.read(ORDER.project_id, SHARED) == WITHOUT
        wraps = key_file(file_of(vault, SHARED))
        assert len(wraps.read_bytes()) == WRAPPED_BYTES  # the old key is gone with the old table
        assert len(opened(KEYSTORE, ORDER.project_id, SHARED, wraps)) == 1
        if whole:
            break
    assert whole
    assert at > 10


def test_a_project_is_shredded_whole_cut_anywhere_and_kept_no_more(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, destruction = ORDER.project_id, "12" * 16
    shredded(vault)
    vault.secret(project, "record-keys")
    check_open(vault, project)
    shutil.copytree(tmp_path / "vault", tmp_path / "copy")
    expected = shred_project(vault, project, destruction)
    assert {each.name for each in expected} == {SHARED, OTHER, "record-keys"}
    assert all(len(each.keys_sha256) == 1 for each in expected)
    steps: list[str] = []
    for at in range(40):
        shutil.rmtree(tmp_path / "vault")
        shutil.copytree(tmp_path / "copy", tmp_path / "vault")
        steps.clear()
        with monkeypatch.context() as patch:
            for name in ("open", "fsync", "replace", "unlink"):
                patch.setattr(os, name, cutting(getattr(os, name), at, steps))
            try:
                shred_project(vault, project, destruction)
                whole = True
            except Cut:
                whole = False
        assert shred_project(vault, project, destruction) == expected
        assert {name.split("/")[0] for name in vault.names(project)} == {"destroyed", "closed"}
        assert vault.secret_names(project) == ()
        if whole:
            break
    assert whole
    with pytest.raises(NotTrusted) as refused:
        check_not_destroyed(vault, project, "south", "ef" * 16)
    assert refused.value.code is RefusalCode.PERMIT_NOT_LIVE
