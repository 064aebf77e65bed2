"""Content keys: random, wrapped for one name under one at-rest key, and gone before their table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet.encryption import create_encryption_properties

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import Keystore
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


def test_a_key_whose_table_a_crash_prevented_is_taken_for_the_next(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    kept = key_of(tmp_path).read_bytes()
    key_of(tmp_path).with_suffix(".parquet").unlink()
    vault.write(PROJECT, NAME, OTHER)
    assert vault.read(PROJECT, NAME) == OTHER
    assert key_of(tmp_path).read_bytes() == kept


def test_a_table_of_before_content_keys_opens_and_is_replaced_under_the_key_it_has(
    vault: Vault, tmp_path: Path
) -> None:
    old_table(tmp_path)
    assert vault.read(PROJECT, NAME) == TABLE
    vault.write(PROJECT, NAME, OTHER, replace=True)
    assert vault.read(PROJECT, NAME) == OTHER
    assert not key_of(tmp_path).exists()
    vault.remove(PROJECT, NAME)
    assert not vault.exists(PROJECT, NAME)
