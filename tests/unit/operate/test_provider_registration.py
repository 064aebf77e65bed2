"""An organisation's identity provider on a machine: registered whole, with a key that the api alone reads."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.permit import Role
from service.access.records import Way
from service.audit.vocabulary import Action
from service.command_line import run
from service.database import engine_for, read_sessions
from service.keys import make_key_folder
from service.openid.id_token import identifier
from service.openid.provider import credential_of
from service.openid.registration import read_registration
from service.operate.doctor.findings import State
from service.operate.doctor.keys import examine_keys
from service.operate.folders import user_of
from service.operate.installation import Home, environment
from service.operate.main import app
from service.people.records import SignInMethod
from service.settings import ApiSettings, settings_for
from tests.at_organisation import ISSUER
from tests.unit.operate.test_people_key import a_machine, made_entries, needs_root

DRAFT = {"issuer": ISSUER, "client_id": "tre", "algorithm": "ES256", "amr": ["mfa"]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_machine(tmp_path / "machine")


def a_draft(folder: Path, **changes: Any) -> str:
    path = folder / "draft.json"
    path.write_text(json.dumps({**DRAFT, **changes}))
    return str(path)


def test_a_provider_is_registered_entered_and_what_the_api_is_told_of(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings_for(ApiSettings, environment(home, "api")).identity_provider is None
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "/sign-in/provider/answer" in said
    public = json.loads(said.split("for the provider: ")[1])
    assert "d" not in public
    assert settings_for(ApiSettings, environment(home, "api")).identity_provider == home.identity_provider
    credential = read_registration(home.identity_provider).credential
    assert stat.S_IMODE(credential.stat().st_mode) == 0o400
    assert made_entries(home) == [("operator", Action.IDENTITY_PROVIDER_REGISTER)]
    assert not list(home.root.rglob("*.new"))
    # Again: the key that the provider knows stays.
    before = credential.read_bytes()
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path, amr=["hwk"])]) == 0
    assert credential.read_bytes() == before
    assert read_registration(home.identity_provider).amr == ("hwk",)


def test_a_secret_is_kept_with_the_apis_keys_and_a_new_one_takes_its_place(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    draft = a_draft(tmp_path, authentication="client_secret_basic")
    assert run(app, ["identity-provider", str(home.root), draft]) == 1
    for word in ("first", "second"):
        secret.write_text(f"{word}\n")
        assert run(app, ["identity-provider", str(home.root), draft, "--secret", str(secret)]) == 0
        assert word not in capsys.readouterr().out
        assert credential_of(read_registration(home.identity_provider)) == word
    assert run(app, ["identity-provider", str(home.root), draft]) == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({**DRAFT, "amr": []})])
def test_a_registration_that_is_none_leaves_the_one_that_is_there(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path)]) == 0
    before = home.identity_provider.read_bytes()
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    assert run(app, ["identity-provider", str(home.root), str(wrong)]) == 1
    assert "Identity provider refused" in capsys.readouterr().err
    assert home.identity_provider.read_bytes() == before


def test_a_secret_for_a_key_is_refused(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("word")
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path), "--secret", str(secret)]) == 1
    assert not home.identity_provider.exists()


def test_an_account_is_bound_by_the_operator(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    make_key_folder(folder, principal_id="ada", name="Ada", role=Role.AUDIT_REVIEWER)
    assert run(app, ["register", str(home.root), str(folder / "public.json")]) == 0
    assert run(app, ["bind-account", str(home.root), "ada", "s-1"]) == 1  # no provider yet
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path)]) == 0
    assert run(app, ["bind-account", str(home.root), "ada", "s-1"]) == 0
    assert run(app, ["bind-account", str(home.root), "nobody", "s-1"]) == 1
    engine = engine_for(home.database_url)
    with read_sessions(engine)() as session:
        method = session.get(SignInMethod, "ada")
    engine.dispose()
    assert method is not None
    assert (method.way, method.identifier) == (Way.PROVIDER, identifier(ISSUER, "s-1"))


def test_the_doctor_says_what_cannot_be_used(home: Home, tmp_path: Path) -> None:
    def told() -> bool:
        return any(
            "identity-provider.json" in each.says for each in examine_keys(home) if each.state is State.ILL
        )

    assert not told()
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path)]) == 0
    assert not told()
    read_registration(home.identity_provider).credential.chmod(0o444)
    assert told()


@needs_root
def test_with_separate_users_the_key_is_the_apis(tmp_path: Path) -> None:
    home = a_machine(tmp_path / "machine", separate_users=True)
    assert run(app, ["identity-provider", str(home.root), a_draft(tmp_path)]) == 0
    about = read_registration(home.identity_provider).credential.stat()
    assert (about.st_uid, about.st_gid) == user_of("api")
    assert home.identity_provider.stat().st_mode & 0o004
