"""Content keys: random, wrapped for one name under one at-rest key, and gone before their table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet.encryption import create_encryption_properties

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.content_keys import content_keys
from linkage_engine.vault.keystore import WRAPPED_BYTES, Keystore
from linkage_engine.vault.parquet import Vault

KEYSTORE = Keystore(bytes(range(32)))
TABLE, OTHER = pa.table({"n": [1]}), pa.table({"n": [2]})
PROJECT, NAME = "project-1", "payload/north/death"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path, KEYSTORE)


def key_of(folder: Path, name: str = NAME) -> Path:
    return folder / PROJECT / f"{name}.key"


def old_table(folder: Path) -> None:
    """A table as it was kept before content keys."""
    path = folder / PROJECT / f"{NAME}.parquet"
    path.parent.mkdir(parents=True)
    key = KEYSTORE.data_key(PROJECT, NAME)
    pq.write_table(TABLE, path, encryption_properties=create_encryption_properties(key))


def refusal_of_reading(vault: Vault) -> RefusalCode:
    with pytest.raises(EngineRefusal) as refused:
        vault.read(PROJECT, NAME)
    return refused.value.code


def test_a_content_key_is_random_and_follows_from_nothing(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    first = key_of(tmp_path).read_bytes()
    vault.remove(PROJECT, NAME)
    vault.write(PROJECT, NAME, TABLE)
    keys = {KEYSTORE.unwrapped(PROJECT, NAME, wrapped) for wrapped in (first, key_of(tmp_path).read_bytes())}
    assert len(keys | {KEYSTORE.data_key(PROJECT, NAME), None}) == 4


def test_a_wrapped_key_is_private_and_opens_under_its_own_name_and_at_rest_key_only(
    vault: Vault, tmp_path: Path
) -> None:
    vault.write(PROJECT, NAME, TABLE)
    wrapped = key_of(tmp_path).read_bytes()
    assert key_of(tmp_path).stat().st_mode & 0o777 == 0o600
    assert KEYSTORE.unwrapped(PROJECT, NAME, wrapped) is not None
    assert KEYSTORE.unwrapped(PROJECT, "payload/north/birth", wrapped) is None
    assert KEYSTORE.unwrapped("project-2", NAME, wrapped) is None
    assert Keystore(bytes(32)).unwrapped(PROJECT, NAME, wrapped) is None


@pytest.mark.parametrize("kept", [b"", bytes(39), bytes(40), bytes(41)])
def test_a_damaged_key_file_is_refused(vault: Vault, tmp_path: Path, kept: bytes) -> None:
    vault.write(PROJECT, NAME, TABLE)
    key_of(tmp_path).write_bytes(kept)
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_copy_of_a_table_does_not_open_once_the_table_was_removed(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    file = key_of(tmp_path).with_suffix(".parquet")
    copy = file.read_bytes()
    vault.remove(PROJECT, NAME)
    assert list(file.parent.iterdir()) == []
    file.write_bytes(copy)
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_removal_that_a_crash_cut_short_has_destroyed_the_key_and_goes_on(
    vault: Vault, tmp_path: Path
) -> None:
    vault.write(PROJECT, NAME, TABLE)
    key_of(tmp_path).unlink()
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED
    vault.remove(PROJECT, NAME)
    assert not vault.exists(PROJECT, NAME)


def test_a_table_that_lost_its_key_is_replaced_under_a_random_one(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    key_of(tmp_path).unlink()  # a removal that was cut short
    vault.write(PROJECT, NAME, OTHER, replace=True)
    assert vault.read(PROJECT, NAME) == OTHER
    vault.remove(PROJECT, NAME)
    assert random_key_of_a_copy(vault, tmp_path)


def random_key_of_a_copy(vault: Vault, folder: Path) -> bool:
    """Whether what is written now does not open once its key file is gone."""
    vault.write(PROJECT, NAME, TABLE, replace=True)
    key_of(folder).unlink()
    return refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_copy_of_a_replaced_table_does_not_open(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    file = key_of(tmp_path).with_suffix(".parquet")
    copy = file.read_bytes()
    vault.write(PROJECT, NAME, OTHER, replace=True)
    assert len(key_of(tmp_path).read_bytes()) == WRAPPED_BYTES
    file.write_bytes(copy)
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


@pytest.mark.parametrize("before", ["none", "old", "own", "keyless"])
def test_a_write_cut_at_any_step_leaves_the_old_table_or_the_new_one(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    steps: list[str] = []
    real = {name: getattr(os, name) for name in ("open", "fsync", "replace")}

    def cutting(name: str, at: int) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            steps.append(name)
            if len(steps) > at:
                raise Cut
            return real[name](*arguments, **named)

        return step

    seen = set()
    for at in range(20):
        shutil.rmtree(tmp_path / PROJECT, ignore_errors=True)
        prepare(before, vault, tmp_path)
        steps.clear()
        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(os, name, cutting(name, at))
            try:
                vault.write(PROJECT, NAME, OTHER, replace=True)
                whole = True
            except Cut:
                whole = False
        seen.add(found := what_is_found(tmp_path))
        assert found == "new" or (not whole and found == before)
        vault.write(PROJECT, NAME, OTHER, replace=True)  # asked again, it ends the same
        assert what_is_found(tmp_path) == "new"
        assert len(key_of(tmp_path).read_bytes()) == WRAPPED_BYTES
        if whole:
            break
    assert whole
    assert seen == {before, "new"}


class Cut(BaseException):
    """The process ends here."""


def prepare(before: str, vault: Vault, folder: Path) -> None:
    if before == "old":
        old_table(folder)
    elif before != "none":
        vault.write(PROJECT, NAME, TABLE)
    if before == "keyless":
        key_of(folder).unlink()


def what_is_found(folder: Path) -> str:
    """What a process that is started anew finds: the new table, or what was there before."""
    reopened = Vault(folder, KEYSTORE)
    if not reopened.exists(PROJECT, NAME):
        return "none"
    try:
        table = reopened.read(PROJECT, NAME)
    except EngineRefusal:
        return "keyless"
    if table == OTHER:
        return "new"
    derived = KEYSTORE.data_key(PROJECT, NAME)
    return "old" if derived in content_keys(KEYSTORE, PROJECT, NAME, file_of(folder)) else "own"


def file_of(folder: Path) -> Path:
    return key_of(folder).with_suffix(".parquet")


def test_a_table_of_before_content_keys_opens_and_is_replaced_under_a_random_one(
    vault: Vault, tmp_path: Path
) -> None:
    old_table(tmp_path)
    assert vault.read(PROJECT, NAME) == TABLE
    assert random_key_of_a_copy(vault, tmp_path)


def test_a_table_that_is_replaced_while_it_is_read_is_read_as_it_has_become(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write(PROJECT, NAME, TABLE)
    late = Vault(tmp_path, KEYSTORE)

    def first(*arguments: Any) -> tuple[bytes, ...]:
        monkeypatch.undo()
        keys = content_keys(*arguments)
        vault.write(PROJECT, NAME, OTHER, replace=True)
        return keys

    monkeypatch.setattr("linkage_engine.vault.parquet.content_keys", first)
    assert late.read(PROJECT, NAME) == OTHER


def test_a_secret_stays_under_an_at_rest_key_that_wraps_it_anew(tmp_path: Path) -> None:
    other = Keystore(bytes(32))
    secret = Vault(tmp_path, KEYSTORE).secret(PROJECT, "record-keys")
    path = tmp_path / PROJECT / "record-keys.secret"
    path.write_bytes(other.wrapped(PROJECT, "secret record-keys", secret))
    assert Vault(tmp_path, other).secret(PROJECT, "record-keys") == secret
    assert other.data_key(PROJECT, "record-keys") != secret


def test_a_secret_that_does_not_open_is_refused_rather_than_made_anew(tmp_path: Path) -> None:
    Vault(tmp_path, KEYSTORE).secret(PROJECT, "record-keys")
    with pytest.raises(EngineRefusal) as refused:
        Vault(tmp_path, Keystore(bytes(32))).secret(PROJECT, "record-keys")
    assert refused.value.code is RefusalCode.VAULT_DAMAGED
