"""Another at-rest key: every table and secret opens under the one that is in place, wherever it is cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet.encryption import create_encryption_properties

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.vault.keystore import WRAPPED_BYTES, Keystore
from linkage_engine.vault.parquet import RECORD_KEYS, Vault
from linkage_engine.vault.rotation import Lost, Rewrapped, drop_other_wraps, lost_keys, wrap_for_both

OLD, NEW = Keystore(bytes(range(32))), Keystore(bytes(32))
PROJECT, NAME, LEGACY = "project-1", "payload/north/death", "history/told"
TABLE = pa.table({"n": [1]})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A vault with a table, one of before content keys, a secret, and a folder that is no project's."""
    vault = Vault(tmp_path, OLD)
    vault.write(PROJECT, NAME, TABLE)
    vault.secret(PROJECT, RECORD_KEYS)
    legacy = tmp_path / PROJECT / f"{LEGACY}.parquet"
    legacy.parent.mkdir(parents=True)
    key = OLD.data_key(PROJECT, LEGACY)
    pq.write_table(TABLE, legacy, encryption_properties=create_encryption_properties(key))
    (tmp_path / "permits").mkdir()
    (tmp_path / "permits" / "project-1.json").write_text("{}")
    return tmp_path


def opens(root: Path, keystore: Keystore) -> bool:
    vault = Vault(root, keystore)
    try:
        return all(vault.read(PROJECT, name) == TABLE for name in (NAME, LEGACY)) and vault.secret(
            PROJECT, RECORD_KEYS
        ) == OLD.data_key(PROJECT, RECORD_KEYS)
    except EngineRefusal:
        return False


def bytes_of(root: Path, suffix: str) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob(f"*{suffix}")}


def test_between_the_steps_both_keys_open_everything_and_after_them_the_new_one_alone(root: Path) -> None:
    tables = bytes_of(root, ".parquet")
    assert (opens(root, OLD), opens(root, NEW)) == (True, False)
    assert wrap_for_both(root, OLD, NEW).files == 3
    assert (opens(root, OLD), opens(root, NEW)) == (True, True)
    assert drop_other_wraps(root, NEW).files == 3
    assert (opens(root, OLD), opens(root, NEW)) == (False, True)
    assert bytes_of(root, ".parquet") == tables
    assert {len(wraps) for wraps in bytes_of(root, ".key").values()} == {WRAPPED_BYTES}


def test_again_changes_nothing(root: Path) -> None:
    steps: tuple[Callable[[], Rewrapped], ...] = (
        lambda: wrap_for_both(root, OLD, NEW),
        lambda: drop_other_wraps(root, NEW),
    )
    for step in steps:
        step()
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
        step()
        assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_replacement_that_was_cut_short_keeps_both_its_keys(root: Path) -> None:
    path = root / PROJECT / f"{NAME}.key"
    coming = OLD.wrapped(PROJECT, NAME, bytes(32))
    path.write_bytes(coming + path.read_bytes())
    wrap_for_both(root, OLD, NEW)
    drop_other_wraps(root, NEW)
    assert len(path.read_bytes()) == 2 * WRAPPED_BYTES
    assert opens(root, NEW)


def test_a_secret_that_nobody_asked_for_yet_stays_what_it_would_have_been(root: Path) -> None:
    (root / PROJECT / f"{RECORD_KEYS}.secret").unlink()
    wrap_for_both(root, OLD, NEW, secrets=(RECORD_KEYS,))
    drop_other_wraps(root, NEW)
    assert opens(root, NEW)
    assert not (root / "permits" / f"{RECORD_KEYS}.secret").exists()


@pytest.mark.parametrize("name", [NAME, LEGACY])
def test_what_neither_key_opens_is_named_and_left_as_it_is(root: Path, name: str) -> None:
    key, table = root / PROJECT / f"{name}.key", root / PROJECT / f"{name}.parquet"
    other = Keystore(b"o" * 32)
    if name == NAME:
        key.write_bytes(other.wrapped(PROJECT, name, bytes(32)))
    else:
        table.write_bytes(b"no table of ours")
    before = [path.read_bytes() for path in (key, table) if path.exists()]
    assert wrap_for_both(root, OLD, NEW).lost == (Lost(PROJECT, name),)
    assert drop_other_wraps(root, NEW).lost == (Lost(PROJECT, name),)
    assert [path.read_bytes() for path in (key, table) if path.exists()] == before


def test_a_secret_that_nothing_opens_is_named(root: Path) -> None:
    (root / PROJECT / f"{RECORD_KEYS}.secret").write_bytes(bytes(40))
    assert lost_keys(root, OLD) == (Lost(PROJECT, RECORD_KEYS),)


def test_a_key_file_whose_table_never_came_is_no_loss(root: Path) -> None:
    (root / PROJECT / "coming.key").write_bytes(bytes(40))
    assert lost_keys(root, OLD) == ()


def test_fingerprints_tell_at_rest_keys_apart_and_are_no_part_of_them() -> None:
    assert OLD.fingerprint() != NEW.fingerprint()
    assert OLD.fingerprint() == Keystore(bytes(range(32))).fingerprint()
    assert OLD.fingerprint() not in bytes(range(32)).hex()
