"""Pins: typed in once as their owners read them out, and changed only when told so."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from linkage_engine.contract.permit import Role
from service.command_line import run
from service.keys import fingerprint, folder_party, make_key_folder
from service.problems.tools import KeyFolderUnusable
from service.provider.identity import new_identity
from service.provider.main import app
from service.provider.pins import PINS, ProviderPins, read_pins

ONE, OTHER = "A" * 43, "-" + "B" * 42
DIGITS = "0123 4567 89ab cdef 0123 4567 89AB CDEF"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    make_key_folder(
        folder, principal_id="a-trust", name="A", role=Role.PROVIDER, age=new_identity(secrets.token_bytes)
    )
    return folder


def pin(keys: Path, thumbprint: str = ONE, *more: str) -> int:
    read_out = ("--thumbprint", thumbprint, "--fingerprint", DIGITS)
    return run(app, ["pin", "b-trust", *read_out, "--keys", str(keys), *more])


def governance(keys: Path, thumbprint: str, *more: str) -> int:
    return run(app, ["pin-governance", "--thumbprint", thumbprint, "--keys", str(keys), *more])


def test_a_new_key_folder_has_pinned_nothing(keys: Path) -> None:
    assert read_pins(keys) == ProviderPins()


def test_keys_are_made_with_an_identity_whose_fingerprint_can_be_read_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["keys", str(tmp_path / "new"), "--id", "a-council", "A council"]) == 0
    recipient = folder_party(tmp_path / "new").age_recipient
    assert recipient is not None
    assert recipient.startswith("age1pq1")
    assert f"sealed to fingerprint {fingerprint(recipient)}" in capsys.readouterr().out


def test_a_fingerprint_is_pinned_as_it_is_read_out(keys: Path) -> None:
    assert pin(keys, OTHER) == 0
    [(name, pinned)] = read_pins(keys).providers.items()
    assert (name, pinned.thumbprint) == ("b-trust", OTHER)
    assert pinned.fingerprint == "0123456789abcdef" * 2


def test_another_key_replaces_a_pinned_one_only_when_told_so(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for act in (pin, governance):
        assert act(keys, ONE) == 0
        assert act(keys, ONE) == 0
        before = (keys / PINS).read_bytes()
        assert act(keys, OTHER) == 1
        assert "Pinned key differs" in capsys.readouterr().err
        assert (keys / PINS).read_bytes() == before
        assert act(keys, OTHER, "--replace") == 0
    assert read_pins(keys).governance == OTHER
    assert read_pins(keys).providers["b-trust"].thumbprint == OTHER


@pytest.mark.parametrize("thumbprint", ["", "short", "A" * 44, "A" * 42 + "="])
def test_what_is_no_thumbprint_is_not_pinned(keys: Path, thumbprint: str) -> None:
    assert pin(keys, thumbprint) == 1
    assert governance(keys, thumbprint) == 1
    assert read_pins(keys) == ProviderPins()


def test_a_file_of_pins_that_is_damaged_is_not_taken_for_none(keys: Path) -> None:
    (keys / PINS).write_text("{")
    with pytest.raises(KeyFolderUnusable):
        read_pins(keys)
