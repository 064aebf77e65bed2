"""Tables at rest: unreadable without the key, written once and whole, refused when changed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault

TABLE = pa.table(
    {"person_key": ["CANARY-1", "CANARY-2"], "tokens": [[1, 2], None], "year": pa.array([1, 2], pa.int16())}
)
OTHER = pa.table({"n": [1]})
PROJECT, NAME = "project-1", "payload/north/death"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", Keystore(bytes(range(32))))


def file_of(tmp_path: Path, project_id: str = PROJECT, name: str = NAME) -> Path:
    return tmp_path / "vault" / project_id / f"{name}.parquet"


def refusal_of_reading(vault: Vault, name: str = NAME) -> RefusalCode:
    with pytest.raises(EngineRefusal) as refused:
        vault.read(PROJECT, name)
    assert refused.value.__suppress_context__
    return refused.value.code


def test_a_table_is_read_as_it_was_written(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE)
    assert vault.read(PROJECT, NAME) == TABLE
    assert vault.read(PROJECT, NAME, columns=["year"]) == TABLE.select(["year"])


def test_an_empty_table_keeps_its_columns(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE.slice(0, 0))
    assert vault.read(PROJECT, NAME).schema == TABLE.schema


def test_neither_values_nor_column_names_are_in_clear_on_disk(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    stored = file_of(tmp_path).read_bytes()
    assert stored.startswith(b"PARE")  # Parquet with an encrypted footer
    assert b"CANARY" not in stored
    assert b"person_key" not in stored


def test_files_and_folders_are_private(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    path = file_of(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_another_master_key_does_not_open_a_table(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    assert refusal_of_reading(Vault(tmp_path / "vault", Keystore(bytes(32)))) is RefusalCode.VAULT_DAMAGED


def test_a_table_under_the_name_of_another_does_not_open(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    vault.write(PROJECT, "crosswalk", OTHER)
    file_of(tmp_path, name="crosswalk").replace(file_of(tmp_path))
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_table_in_clear_is_not_taken_for_ours(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    pq.write_table(TABLE, file_of(tmp_path))
    assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_missing_table_is_told_from_a_damaged_one(vault: Vault) -> None:
    assert refusal_of_reading(vault) is RefusalCode.VAULT_OBJECT_MISSING


def test_a_column_that_is_not_there_is_left_out(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE)
    assert vault.read(PROJECT, NAME, columns=["year", "absent"]).column_names == ["year"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_without_effect(
    vault: Vault, tmp_path: Path, place: float, bit: int
) -> None:
    # Without effect: bytes that Arrow does not look at, such as the magic number at the front.
    vault.write(PROJECT, NAME, TABLE, replace=True)
    stored = bytearray(file_of(tmp_path).read_bytes())
    position = int(place * len(stored))
    stored[position] ^= 1 << bit
    file_of(tmp_path).write_bytes(stored)
    try:
        assert vault.read(PROJECT, NAME) == TABLE
    except EngineRefusal as refused:
        assert refused.code is RefusalCode.VAULT_DAMAGED  # noqa: PT017 (either outcome is right)


def test_a_table_cut_at_any_tenth_byte_is_damaged(vault: Vault, tmp_path: Path) -> None:
    vault.write(PROJECT, NAME, TABLE)
    stored = file_of(tmp_path).read_bytes()
    for end in range(0, len(stored), 10):
        file_of(tmp_path).write_bytes(stored[:end])
        assert refusal_of_reading(vault) is RefusalCode.VAULT_DAMAGED


def test_a_table_is_written_once(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE)
    with pytest.raises(EngineRefusal) as refused:
        vault.write(PROJECT, NAME, OTHER)
    assert refused.value.code is RefusalCode.VAULT_OBJECT_EXISTS
    assert vault.read(PROJECT, NAME) == TABLE


def test_a_table_is_replaced_when_asked_by_name(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE)
    vault.write(PROJECT, NAME, OTHER, replace=True)
    assert vault.read(PROJECT, NAME) == OTHER


@pytest.mark.parametrize("replace", [False, True])
def test_nothing_but_whole_tables_is_left_in_the_folder(vault: Vault, tmp_path: Path, replace: bool) -> None:  # noqa: FBT001 (a parameter of the table)
    vault.write(PROJECT, NAME, TABLE, replace=replace)
    assert {path.name for path in file_of(tmp_path).parent.iterdir()} == {"death.key", "death.parquet"}


def test_an_interrupted_write_leaves_the_old_table(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write(PROJECT, NAME, TABLE)

    def broken_disk(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("linkage_engine.vault.parquet.os.fsync", broken_disk)
    with pytest.raises(OSError, match="Input/output"):
        vault.write(PROJECT, NAME, OTHER, replace=True)
    assert vault.read(PROJECT, NAME) == TABLE
    assert {path.name for path in file_of(tmp_path).parent.iterdir()} == {"death.key", "death.parquet"}


def test_names_are_listed_by_project_and_prefix(vault: Vault) -> None:
    for project_id, name in [
        (PROJECT, "payload/b"),
        (PROJECT, "payload/a"),
        (PROJECT, "spine"),
        ("other", "payload/c"),
    ]:
        vault.write(project_id, name, OTHER)
    assert vault.names(PROJECT) == ("payload/a", "payload/b", "spine")
    assert vault.names(PROJECT, "payload/") == ("payload/a", "payload/b")
    assert vault.names("unknown") == ()


def test_a_removed_table_is_gone_and_may_be_removed_again(vault: Vault) -> None:
    vault.write(PROJECT, NAME, TABLE)
    assert vault.exists(PROJECT, NAME)
    vault.remove(PROJECT, NAME)
    vault.remove(PROJECT, NAME)
    assert not vault.exists(PROJECT, NAME)


@pytest.mark.parametrize(
    ("project_id", "name"),
    [
        (PROJECT, ""),
        (PROJECT, "../other/payload"),
        (PROJECT, "payload/../../x"),
        (PROJECT, "/etc/passwd"),
        (PROJECT, "a//b"),
        (PROJECT, "a/b/c/d/e"),
        (PROJECT, "Upper"),
        (PROJECT, "a.b"),
        (PROJECT, "a\0b"),
        (PROJECT, "a\n"),
        ("..", "a"),
        ("p/q", "a"),
        ("", "a"),
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(vault: Vault, project_id: str, name: str) -> None:
    with pytest.raises(EngineRefusal) as refused:
        vault.write(project_id, name, OTHER)
    assert refused.value.code is RefusalCode.VAULT_NAME_INVALID


def test_a_project_name_that_could_lead_elsewhere_is_not_listed(vault: Vault) -> None:
    with pytest.raises(EngineRefusal) as refused:
        vault.names("../x")
    assert refused.value.code is RefusalCode.VAULT_NAME_INVALID


def test_a_full_disk_keeps_nothing_and_room_is_enough(vault: Vault, tmp_path: Path) -> None:
    partial = file_of(tmp_path).with_suffix(".partial")
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")  # what is written there finds no room
    with pytest.raises(EngineRefusal) as refused:
        vault.write(PROJECT, NAME, TABLE)
    assert refused.value.code is RefusalCode.VAULT_FULL
    assert refused.value.__suppress_context__
    assert list(partial.parent.iterdir()) == []
    vault.write(PROJECT, NAME, TABLE)
    assert vault.read(PROJECT, NAME) == TABLE


def test_another_fault_of_the_disk_is_not_taken_for_a_full_one(vault: Vault, tmp_path: Path) -> None:
    file_of(tmp_path).with_suffix(".partial").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        vault.write(PROJECT, NAME, TABLE)


def test_a_secret_is_of_its_project_and_name_and_survives_the_vault(vault: Vault, tmp_path: Path) -> None:
    secret = vault.secret(PROJECT, "record-keys")
    elsewhere = Vault(tmp_path / "another", Keystore(bytes(range(32))))
    assert len(secret) == 32
    assert elsewhere.secret(PROJECT, "record-keys") == secret
    others = {
        vault.secret("project-2", "record-keys"),
        vault.secret(PROJECT, "other-keys"),
        Vault(tmp_path / "third", Keystore(bytes(32))).secret(PROJECT, "record-keys"),
    }
    assert len(others | {secret}) == 4
    assert vault.secret(PROJECT, "record-keys") == secret
    assert vault.names(PROJECT) == ()


def test_a_secret_of_another_shape_of_name_is_refused(vault: Vault) -> None:
    with pytest.raises(EngineRefusal) as refused:
        vault.secret(PROJECT, "../record-keys")
    assert refused.value.code is RefusalCode.VAULT_NAME_INVALID
