"""The at-rest key: read from a private file only, never shown, one data key for each object."""

from __future__ import annotations

import copy
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.vault.keystore import Keystore

MASTER_KEY = bytes(range(32))
NAMES = st.text("ab-/", max_size=4)


def test_a_created_key_file_is_private_and_is_read_back(tmp_path: Path) -> None:
    created = Keystore.create(tmp_path / "key", secrets.token_bytes)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o400
    assert Keystore.from_file(tmp_path / "key").data_key("p", "n") == created.data_key("p", "n")


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    Keystore.create(tmp_path / "key", secrets.token_bytes)
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(FileExistsError):
        Keystore.create(tmp_path / "key", secrets.token_bytes)
    assert (tmp_path / "key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o600, 0o500])
def test_a_key_file_that_others_may_read_or_anyone_change_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "key").write_bytes(MASTER_KEY)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(EngineRefusal) as refused:
        Keystore.from_file(tmp_path / "key")
    assert refused.value.code is RefusalCode.KEY_INVALID


@pytest.mark.parametrize("content", [b"", MASTER_KEY[:-1], MASTER_KEY + b"\n"])
def test_a_key_file_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o400)
    with pytest.raises(EngineRefusal) as refused:
        Keystore.from_file(tmp_path / "key")
    assert refused.value.code is RefusalCode.KEY_INVALID


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_key_file_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineRefusal) as refused:
        Keystore.from_file(tmp_path / name)
    assert refused.value.code is RefusalCode.KEY_INVALID


@given(first=st.tuples(NAMES, NAMES), second=st.tuples(NAMES, NAMES))
def test_two_objects_have_the_same_key_only_if_they_are_the_same(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    keystore = Keystore(MASTER_KEY)
    assert (keystore.data_key(*first) == keystore.data_key(*second)) == (first == second)


def test_the_key_of_an_object_does_not_change_between_versions() -> None:
    # Stored tables open only as long as this holds. Computed with `hmac` alone, as RFC 5869 says.
    key = Keystore(MASTER_KEY).data_key("project-1", "payload/death")
    assert key.hex() == "d81da85f8c497114ab4f3f8a9093fe96bb4bdd48a24ce4dbcd393030d0fd8da6"


def test_a_keystore_is_neither_shown_nor_copied() -> None:
    assert repr(Keystore(MASTER_KEY)) == "Keystore(withheld)"
    with pytest.raises(TypeError, match="not copied"):
        copy.copy(Keystore(MASTER_KEY))
