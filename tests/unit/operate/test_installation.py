"""An installation on a real disk: who owns what, what is pinned, what each process is told."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import stat
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from linkage_engine.contract.permit import Permit, Role
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.unseal.identity import Identity
from service.access.records import Principal
from service.command_line import run
from service.database import engine_for, read_sessions
from service.jobs import WorkerRole
from service.keys import Pins, make_key_folder, signing_key
from service.operate.folders import FIRST_UID, PROCESSES, SHARED, arrange, user_of
from service.operate.installation import Home, Installation, create, environment, share_database
from service.operate.main import _free_port, app
from service.operate.permits import address_of
from service.problems.tools import DatabaseAddressRefused
from service.settings import ApiSettings, CommonSettings, settings_for
from service.signed import SigningKey, TextType, sign, verified
from service.worker.duties import settings_of
from tests.authenticator import Authenticator
from tests.factories import a_permit, a_person

FORMS: dict[str, type[CommonSettings]] = {"api": ApiSettings} | {r.value: settings_of(r) for r in WorkerRole}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    create(made, Installation(port=8700, separate_users=False), random=secrets.token_bytes)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_of_keys_and_vaults_are_closed_and_shared_ones_are_the_groups(home: Home) -> None:
    for process in PROCESSES:
        assert mode(home.keys(process)) == mode(home.vault(process)) == 0o700
        assert all(mode(path) == 0o400 for path in home.keys(process).iterdir())
    assert mode(home.governance_key) == 0o400
    assert {mode(home.root / name) for name in ("logs", "governance")} == {0o700}


def test_only_the_databases_folder_is_written_by_all_and_nobody_removes_what_another_made(home: Home) -> None:
    written_by_all = {folder.name for folder in SHARED if mode(home.root / folder.name) & 0o020}
    assert written_by_all == {"control"}
    assert mode(home.root / "control") & 0o1000
    assert not any(mode(home.root / folder.name) & 0o007 for folder in SHARED)


def test_arranging_again_puts_right_what_was_changed_and_keeps_what_is_there(home: Home) -> None:
    (home.root / "spool" / "releases" / "kept").touch()
    (home.root / "spool" / "releases").chmod(0o777)
    (home.root / "status" / "gate").rmdir()
    arrange(home.root, separate_users=False)
    assert mode(home.root / "spool" / "releases") == mode(home.root / "status" / "gate") == 0o2750
    assert (home.root / "spool" / "releases" / "kept").exists()


def test_pins_are_the_public_halves_of_what_was_made(home: Home) -> None:
    pins = Pins.read(home.pins)
    assert pins.governance_key == signing_key(home.governance_key).public
    assert pins.release_key == signing_key(home.keys("gate") / "release.jwk").public
    for role, keys in (("linkage", pins.linkage), ("analysis", pins.analysis), ("gate", pins.gate)):
        identity = Identity.parse((home.keys(role) / "identity.age").read_text().strip())
        assert keys.age_recipient == str(identity.recipient)
        assert str(Recipient.parse(keys.age_recipient)) == keys.age_recipient
    assert pins.gate.hand_over_key is None
    assert len(base64.b64decode((home.keys("log") / "log.key").read_text())) == 32


def test_no_secret_is_in_the_pins_or_in_any_environment(home: Home) -> None:
    files = [path for path in home.root.rglob("*") if path.is_file() and mode(path) == 0o400]
    private = [path.read_text() for path in files if path.name != "at-rest.key"]
    assert len(private) >= 8
    shown = home.pins.read_text() + "".join(
        value for process in PROCESSES for value in environment(home, process).values()
    )
    for text in private:
        secret = text.split('"d": "')[1].split('"')[0] if '"d"' in text else text.strip()
        assert secret not in shown


def test_an_installation_is_not_written_over(home: Home) -> None:
    before = home.pins.read_bytes()
    with pytest.raises(FileExistsError):
        create(home, Installation(port=1, separate_users=False), random=secrets.token_bytes)
    assert home.pins.read_bytes() == before


def test_every_process_is_told_of_the_database_that_was_chosen(tmp_path: Path) -> None:
    home, url = Home(tmp_path / "home"), "postgresql+psycopg://tre@/tre?host=/run/postgresql"
    create(home, Installation(port=1, separate_users=False, database_url=url), random=secrets.token_bytes)
    told = {environment(home, process)["TRE_DATABASE_URL"] for process in PROCESSES}
    assert told == {home.database_url} == {url}


def test_each_process_is_told_of_its_own_role_and_where_its_password_lies(tmp_path: Path) -> None:
    home, url = Home(tmp_path / "home"), "postgresql+psycopg://tre@/tre?host=/run/postgresql"
    made = Installation(port=1, separate_users=False, database_url=url, database_roles=True)
    create(home, made, random=secrets.token_bytes)
    for process in PROCESSES:
        told = make_url(environment(home, process)["TRE_DATABASE_URL"])
        assert (told.username, told.password, told.database) == (f"tre_{process}", None, "tre")
        assert told.query["passfile"] == str(home.keys(process) / "database.pgpass")
    assert home.database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://tre:secret@/tre?host=/run/postgresql",
        "postgresql+psycopg://tre@db.example/tre",
        "postgresql+psycopg://tre@/tre",
        "postgresql+psycopg://tre@/?host=/run/postgresql",
        "postgresql+psycopg://tre@/tre?host=/run/postgresql&host=db.example",
        "postgresql://tre@/tre?host=/run/postgresql",
        "sqlite:////tmp/control.db",
        "no address",
    ],
)
def test_a_database_with_a_password_or_a_network_is_refused_before_anything_is_made(
    tmp_path: Path, url: str
) -> None:
    made = Installation(port=1, separate_users=False, database_url=url)
    with pytest.raises(DatabaseAddressRefused):
        create(Home(tmp_path / "home"), made, random=secrets.token_bytes)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_understands_all_that_it_is_told(home: Home, process: str) -> None:
    settings = settings_for(FORMS[process], environment(home, process))
    own = {name: getattr(settings, name) for name in type(settings).model_fields if name.endswith("_key")}
    assert all(path.is_file() for path in own.values())
    closed = settings.closed_paths()
    assert "keys of governance" in closed
    assert f"keys of {process}" not in closed
    others = [other for other in PROCESSES if other != process]
    assert {f"{what} of {other}" for what in ("keys", "vault") for other in others} < set(closed)


def test_every_process_has_a_user_of_its_own_in_one_group() -> None:
    users = [user_of(process) for process in PROCESSES]
    assert len({uid for uid, _ in users}) == len(PROCESSES)
    assert {gid for _, gid in users} == {FIRST_UID}
    assert FIRST_UID not in {uid for uid, _ in users}


@needs_root
def test_keys_are_given_to_the_users_that_need_them(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    create(home, Installation(port=8700, separate_users=True), random=secrets.token_bytes)
    for process in PROCESSES:
        for path in (home.keys(process), home.vault(process), *home.keys(process).iterdir()):
            assert (path.stat().st_uid, path.stat().st_gid) == user_of(process)
    assert home.governance_key.stat().st_uid == 0
    (home.root / "control" / "control.db").touch()
    share_database(home)
    shared = home.root / "control" / "control.db"
    assert (mode(shared), shared.stat().st_gid) == (0o660, FIRST_UID)
    for folder in SHARED:
        about = (home.root / folder.name).stat()
        assert (about.st_uid, about.st_gid) == (folder.uid, folder.gid), folder.name


# --- the commands that need no service


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A machine as `tre-operate init` leaves it, all processes as one user."""
    path = tmp_path / "machine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.operate.main.can_run_as", lambda *_: False)
        assert run(app, ["init", str(path), "--port", "8701"]) == 0
    assert "all processes as one user" in capsys.readouterr().out
    return path


@pytest.mark.enable_socket
def test_a_free_port_is_one_that_can_be_had() -> None:
    assert 1023 < _free_port() < 65536


def test_the_database_is_there_and_shared(place: Path) -> None:
    assert Home(place).read().port == 8701
    assert all(mode(path) == 0o660 for path in (place / "control").iterdir())
    assert run(app, ["migrate", str(place)]) == 0


def test_init_leaves_an_installation_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["init", str(place)]) == 1
    assert "File exists" in capsys.readouterr().err


def public_of(folder: Path, name: str) -> Path:
    make_key_folder(folder, principal_id=name, name=name, role=Role.OPERATOR)
    return folder / "public.json"


def test_people_are_registered_by_the_files_that_were_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    oliver, olga = public_of(tmp_path / "a", "oliver"), public_of(tmp_path / "b", "olga")
    sent = tmp_path / "a" / "olga.json"
    olga.rename(sent)  # beside Oliver's own file
    assert run(app, ["register", str(place), str(oliver), str(sent)]) == 0
    said = capsys.readouterr().out
    assert "oliver: registered as operator, thumbprint" in said
    assert "olga: registered as operator" in said
    assert principals(place) == {"oliver": True, "olga": True}


def test_people_are_registered_all_or_none(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    oliver = public_of(tmp_path / "a", "oliver")
    assert run(app, ["register", str(place), str(oliver), str(oliver)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.split(":")[0]) == ("", "Already registered")
    assert principals(place) == {}


def test_a_file_that_is_no_public_half_registers_nobody(place: Path, tmp_path: Path) -> None:
    (tmp_path / "public.json").write_text("{}")
    assert run(app, ["register", str(place), str(tmp_path / "public.json")]) == 1
    assert principals(place) == {}


def test_people_are_revoked(place: Path, tmp_path: Path) -> None:
    run(app, ["register", str(place), str(public_of(tmp_path / "a", "oliver"))])
    assert run(app, ["revoke", str(place), "oliver"]) == 0
    assert principals(place) == {"oliver": False}
    assert run(app, ["revoke", str(place), "nobody"]) == 1


def principals(place: Path) -> dict[str, bool]:
    engine = engine_for(Home(place).database_url)
    with read_sessions(engine)() as session:
        found = {row.id: row.active for row in session.query(Principal)}
    engine.dispose()
    return found


def test_governance_signs_a_permit(tmp_path: Path, home: Home) -> None:
    permit = a_permit([a_person("north", Role.PROVIDER)], valid_to="2049-12-31")
    draft, out = tmp_path / "permit.json", tmp_path / "permit.jws"
    draft.write_text(permit.to_json())
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(out)]) == 0
    pins = Pins.read(home.pins)
    assert verified(out.read_text().strip(), (pins.governance_key,), TextType.PERMIT, Permit) == permit


def test_governance_amends_a_permit_and_refuses_what_may_not_change(tmp_path: Path, home: Home) -> None:
    permit = a_permit([a_person("north", Role.PROVIDER)], valid_to="2049-12-31")
    draft, first, second = (tmp_path / name for name in ("permit.json", "1.jws", "2.jws"))
    draft.write_text(permit.to_json())
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(first)]) == 0
    draft.write_text('{"valid_to": "2050-12-31"}')
    assert run(app, ["amend", str(home.root), str(first), str(draft), "--out", str(second)]) == 0
    text = second.read_text().strip()
    amended = verified(text, (Pins.read(home.pins).governance_key,), TextType.PERMIT, Permit)
    assert (amended.sequence, amended.valid_to) == (2, date(2050, 12, 31))
    assert amended.amends == hashlib.sha256(first.read_text().strip().encode()).hexdigest()
    assert address_of(text) == f"/projects/{permit.project_id}/amendments"
    assert [address_of(other) for other in (first.read_text(), "a.b.c", "")] == ["/projects"] * 3
    for changes in ('{"policy": "public-dashboard"}', '{"valid_to": "never"}', '{"secret_epoch": 3}'):
        draft.write_text(changes)
        assert run(app, ["amend", str(home.root), str(first), str(draft), "--out", str(second)]) == 1
    forged = tmp_path / "forged.jws"
    forged.write_text(sign(permit, SigningKey.generate(), TextType.PERMIT))
    assert run(app, ["amend", str(home.root), str(forged), str(draft), "--out", str(second)]) == 1
    assert second.read_text().strip() == text


def test_an_amendment_that_names_a_passkey_is_of_the_version_that_has_them(
    tmp_path: Path, home: Home
) -> None:
    checker = a_person("cheng", Role.OUTPUT_CHECKER)
    permit = a_permit([a_person("north", Role.PROVIDER), checker], valid_to="2049-12-31")
    draft, *texts = (tmp_path / name for name in ("permit.json", "1.jws", "2.jws", "3.jws"))
    draft.write_text(permit.to_json())
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(texts[0])]) == 0
    key = Authenticator("https://tre.example", "tre.example", b"cheng").named()
    parties = [
        party.model_copy(update={"passkeys": (key,)} if party.principal_id == "cheng" else {}).model_dump(
            mode="json"
        )
        for party in permit.parties
    ]
    for number, changes in enumerate(({"parties": parties}, {"title": "Another"})):
        before, after = texts[number : number + 2]
        draft.write_text(json.dumps(changes))
        assert run(app, ["amend", str(home.root), str(before), str(draft), "--out", str(after)]) == 0
        text = after.read_text().strip()
        amended = verified(text, (Pins.read(home.pins).governance_key,), TextType.PERMIT, Permit)
        assert amended.permit == 3
    draft.write_text(json.dumps(permit.model_dump(mode="json") | {"parties": parties}))
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(texts[2])]) == 1  # says version 2


@pytest.mark.parametrize("content", ["", "{}"])
def test_a_draft_that_is_none_is_not_signed(tmp_path: Path, home: Home, content: str) -> None:
    draft, out = tmp_path / "permit.json", tmp_path / "permit.jws"
    draft.write_text(content)
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(out)]) == 1
    assert not out.exists()


def test_a_permit_that_is_over_is_not_signed(tmp_path: Path, home: Home) -> None:
    permit = a_permit([a_person("north", Role.PROVIDER)], valid_from="2020-01-01", valid_to="2020-12-31")
    draft, out = tmp_path / "permit.json", tmp_path / "permit.jws"
    draft.write_text(permit.to_json())
    assert run(app, ["permit", str(home.root), str(draft), "--out", str(out)]) == 1
    assert not out.exists()


def test_the_fingerprints_of_the_workers_keys_can_be_read_out(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["fingerprints", str(home.root)]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 2
