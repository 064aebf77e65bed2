"""A passkey as governance is told of it: printed for the permit, and entered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.contract.permit import Role
from linkage_engine.contract.permit_parts import Passkey
from service.access.records import Way, principal_by_id
from service.audit.vocabulary import Action
from service.command_line import run
from service.keys import fingerprint, make_key_folder
from service.operate.acting import acting
from service.operate.installation import Home
from service.operate.main import app
from service.people import passkeys
from service.people.actions import replace_method
from tests.authenticator import Authenticator
from tests.unit.operate.test_people_key import a_machine, made_entries

PAGES = "https://tre.example"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = a_machine(tmp_path / "machine")
    folder = tmp_path / "audrey"
    make_key_folder(folder, principal_id="audrey", name="Audrey", role=Role.AUDIT_REVIEWER)
    assert run(app, ["register", str(made.root), str(folder / "public.json")]) == 0
    return made


def test_a_passkey_is_printed_as_a_permit_names_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    key = Authenticator(PAGES, "tre.example", b"audrey")
    options = passkeys.to_make(b"c" * 32, host="tre.example", user=b"u", name="audrey", shown="Audrey")
    made = passkeys.made(key.made(options), b"c" * 32, passkeys.Place("tre.example", PAGES))
    with acting(home) as act:
        principal = principal_by_id(act.session, "audrey")
        assert principal is not None
        replace_method(act, principal, Way.PASSKEY, made)
    capsys.readouterr()
    assert run(app, ["passkey", str(home.root), "audrey", "--url", f"{PAGES}/"]) == 0
    told = capsys.readouterr()
    assert Passkey.model_validate(json.loads(told.out)) == key.named()
    assert fingerprint(key.named().public_key) in told.err
    assert made_entries(home)[-1] == ("operator", Action.PRINCIPAL_READ)


def test_who_has_none_is_not_found_and_nothing_is_entered(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made_entries(home)
    for name in ("audrey", "nobody"):
        assert run(app, ["passkey", str(home.root), name, "--url", PAGES]) == 1
    assert "Not found" in capsys.readouterr().err
    assert made_entries(home) == before
