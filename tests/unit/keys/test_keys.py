"""Key folders and pins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage_engine.contract.permit import Role
from service.keys import (
    Pins,
    WorkerKeys,
    age_identity_text,
    fingerprint,
    folder_key,
    folder_party,
    make_key_folder,
    read_party,
    signing_key,
    write_private,
)
from service.problems.tools import KeyFolderUnusable
from service.signed import SigningKey

AGE_PAIR = ("AGE-SECRET-KEY-PQ-1", "age1pq1")


def a_folder(path: Path, *, age: tuple[str, str] | None = AGE_PAIR) -> Path:
    make_key_folder(path, principal_id="cheng", name="Cheng", role=Role.OUTPUT_CHECKER, age=age)
    return path


def test_a_key_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "keys")
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("signing.jwk", "age.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o400


def test_the_public_half_says_who_it_is_and_no_secret(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "keys")
    party = folder_party(folder)
    assert (party.principal_id, party.role, party.age_recipient) == ("cheng", Role.OUTPUT_CHECKER, "age1pq1")
    assert party.signing_key == folder_key(folder).public
    text = (folder / "public.json").read_text()
    assert json.loads((folder / "signing.jwk").read_text())["d"] not in text
    assert "SECRET" not in text
    assert read_party(folder / "public.json") == party


def test_only_those_who_open_evidence_have_an_age_key(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "keys", age=None)
    assert not (folder / "age.key").exists()
    with pytest.raises(KeyFolderUnusable):
        age_identity_text(folder)
    assert age_identity_text(a_folder(tmp_path / "more")) == AGE_PAIR[0]


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "keys")
    before = folder_key(folder).public
    with pytest.raises(KeyFolderUnusable):
        a_folder(folder)
    assert folder_key(folder).public == before
    with pytest.raises(FileExistsError):
        write_private(folder / "signing.jwk", "another")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: write(path, b""),
    "no text": lambda path: write(path, b"\xff\xfe"),
    "readable by others": lambda path: path.chmod(0o440),
}


def write(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_signing_key_that_cannot_serve_is_refused(tmp_path: Path, damage: str) -> None:
    folder = a_folder(tmp_path / "keys")
    DAMAGES[damage](folder / "signing.jwk")
    with pytest.raises(KeyFolderUnusable):
        folder_key(folder)


@pytest.mark.parametrize("damage", sorted(DAMAGES.keys() - {"empty"}))
def test_an_age_key_that_cannot_serve_is_refused(tmp_path: Path, damage: str) -> None:
    folder = a_folder(tmp_path / "keys")
    DAMAGES[damage](folder / "age.key")
    with pytest.raises(KeyFolderUnusable):
        age_identity_text(folder)


@pytest.mark.parametrize("damage", sorted(DAMAGES.keys() - {"readable by others"}))
def test_a_public_half_that_is_none_is_refused(tmp_path: Path, damage: str) -> None:
    folder = a_folder(tmp_path / "keys")
    DAMAGES[damage](folder / "public.json")
    with pytest.raises(KeyFolderUnusable):
        folder_party(folder)


def test_pins_are_read_from_their_file(tmp_path: Path) -> None:
    key = SigningKey.generate().public
    nobody = WorkerKeys()
    pins = Pins(
        governance_key=key, linkage=nobody, analysis=nobody, gate=nobody, release_key=key, log_vkey="log"
    )
    (tmp_path / "pins.json").write_text(pins.to_json())
    assert Pins.read(tmp_path / "pins.json") == pins


def test_pins_with_a_key_too_many_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pins.json").write_text('{"pins": 1, "extra": 2}')
    with pytest.raises(ValidationError):
        Pins.read(tmp_path / "pins.json")


def test_a_signing_key_is_read_from_any_private_file(tmp_path: Path) -> None:
    key = SigningKey.generate()
    write_private(tmp_path / "key.jwk", key.to_jwk())
    assert signing_key(tmp_path / "key.jwk").public == key.public


def test_a_fingerprint_can_be_read_out_by_telephone() -> None:
    words = fingerprint("age1pq1").split()
    assert [len(word) for word in words] == [4] * 8
    assert fingerprint("age1pq2") != fingerprint("age1pq1")
