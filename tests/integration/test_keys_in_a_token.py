"""The at-rest key of a role goes into a PKCS#11 token and out again; a token that fails changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from linkage_engine.vault.keystore import Keystore
from service.audit.vocabulary import Action
from service.command_line import run
from service.operate.doctor.findings import State
from service.operate.doctor.keys import examine_keys
from service.operate.main import app
from service.operate.rotation.at_rest import rotate
from service.operate.rotation.key_files import KeyFiles
from service.problems.tools import KeyTokenRefused
from service.worker.roles import inside
from tests.integration.conftest import At
from tests.integration.test_rotation_at_rest import Cut, Noted, cutting, tables_that_open
from tests.integration.workshop import Workshop
from tests.tokens import PIN, TOOL, Token, make_token

pytestmark = pytest.mark.outside(tool=TOOL)
ROLE = "analysis"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    return make_token(tmp_path / "token", monkeypatch)


def into(shop: Workshop, token: Token) -> None:
    rotate(shop.home, ROLE, Noted().entries, shop.random, token=token.address())


def key_of(shop: Workshop) -> Path:
    return KeyFiles(shop.home.keys(ROLE)).key


def test_by_one_command_each_it_goes_into_the_token_and_out(
    at: At, token: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = at("finished")
    whole, home = tables_that_open(shop, ROLE), str(shop.home.root)
    assert run(app, ["rotate", home, "at-rest", "--role", ROLE, "--token", token.address()]) == 0
    inside_token = Keystore.from_file(key_of(shop)).fingerprint()
    assert f"is now {inside_token}, " in capsys.readouterr().out
    assert key_of(shop).read_text().startswith("pkcs11:token=tre;")
    assert tables_that_open(shop, ROLE) == whole
    assert run(app, ["rotate", home, "at-rest", "--role", ROLE]) == 0
    assert len(key_of(shop).read_bytes()) == 32
    assert tables_that_open(shop, ROLE) == whole
    entered = [each.detail["replaces"] for each in shop.entries() if each.action is Action.KEY_ROTATE]
    assert entered[-1] == inside_token


def test_only_at_rest_keys_are_kept_by_a_token(at: At, token: Token) -> None:
    home = str(at("opened").home.root)
    assert run(app, ["rotate", home, "release", "--token", token.address()]) != 0


@pytest.mark.parametrize("fault", ["another PIN", "no token", "no address"])
def test_a_token_that_is_no_use_is_named_and_the_key_stays(at: At, token: Token, fault: str) -> None:
    shop, noted = at("finished"), Noted()
    before, whole = key_of(shop).read_bytes(), tables_that_open(shop, ROLE)
    address = token.address()
    if fault == "another PIN":
        token.put_pin("000000")
    elif fault == "no token":
        shutil.rmtree(token.folder / "tokens")
    else:
        address = "pkcs11:token=tre"
    with pytest.raises(KeyTokenRefused) as refused:
        rotate(shop.home, ROLE, noted.entries, shop.random, token=address)
    told = {"another PIN": "token-pin-refused", "no token": "token-unusable"}
    assert refused.value.facts == {"reason": told.get(fault, "token-address-invalid")}
    assert (key_of(shop).read_bytes(), tables_that_open(shop, ROLE)) == (before, whole)
    assert noted.said == []
    assert not KeyFiles(shop.home.keys(ROLE)).cut_short


def test_without_its_token_a_worker_does_not_start_and_doctor_says_why(at: At, token: Token) -> None:
    shop = at("finished")
    into(shop, token)
    assert [each for each in examine_keys(shop.home) if "token" in each.says] == []
    token.put_pin("000000")
    [told] = [each for each in examine_keys(shop.home) if "no token opens" in each.says]
    assert (told.state, told.says) == (
        State.ILL,
        f"no token opens keys/{ROLE}/at-rest.key: token-pin-refused",
    )
    assert PIN not in told.do
    with pytest.raises(KeyTokenRefused) as refused:
        inside(shop.home.keys(ROLE) / "identity.age", key_of(shop), shop.home.vault(ROLE), shop.random)
    assert refused.value.facts == {"reason": "token-pin-refused"}


def test_cut_at_any_step_on_the_way_in_everything_opens_and_again_finishes_it(
    at: At, token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = at("signed")
    home, copy = shop.home.root, tmp_path / "as-it-was"
    for folder in ("keys", "vault"):
        shutil.copytree(home / folder, copy / folder)
    whole, steps = tables_that_open(shop, ROLE), list[str]()
    for at_step in range(400):
        for folder in ("keys", "vault"):
            shutil.rmtree(home / folder)
            shutil.copytree(copy / folder, home / folder)
        steps.clear()
        with monkeypatch.context() as patch:
            for name in ("replace", "fsync", "unlink", "link"):
                patch.setattr(os, name, cutting(getattr(os, name), at_step, steps))
            try:
                into(shop, token)
                break
            except Cut:
                pass
        assert tables_that_open(shop, ROLE) == whole
        into(shop, token)
        assert tables_that_open(shop, ROLE) == whole
        assert key_of(shop).read_bytes().startswith(b"pkcs11:")
    assert at_step > 5
    assert key_of(shop).read_bytes().startswith(b"pkcs11:")
