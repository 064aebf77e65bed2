"""A certificate of destruction that was changed anywhere is refused, and the verifier says what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.destruction import DestroyedKey, DestructionCertificate
from linkage_engine.contract.value import Value
from service.audit.canonical import canonical
from service.audit.verify import main
from service.audit.vocabulary import Action
from service.signed import SigningKey, TextType, sign
from tests.attacks.audit.tampering import Members
from tests.factories import NOON
from tests.unit.audit.log_factories import Log, a_log, a_signer, entered_text, packed

KEYS = {role: SigningKey.generate() for role in ("analysis", "linkage")}


def a_certificate(role: str, **changes: object) -> DestructionCertificate:
    key = DestroyedKey(name="spine", keys_sha256=("ab" * 32,), rewritten=True)
    said: dict[str, object] = {
        "destruction_id": "ab" * 16,
        "project_id": "project-1",
        "provider_id": "north",
        "delivery_id": "cd" * 16,
        "role": role,
        "statement_sha256": "ef" * 32,
        "destroyed": (key,),
        "destroyed_at": NOON,
    }
    return DestructionCertificate.model_validate(said | changes)


def signed_member(
    log: Log, role: str, action: Action = Action.DESTRUCTION_CERTIFY, **changes: object
) -> bytes:
    certificate = a_certificate(role, **changes)
    signed = sign(certificate, KEYS[role], TextType.DESTRUCTION)
    return entered_text(log, certificate, signed, action, certificate.destruction_id)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return a_log(tmp_path)


@pytest.fixture
def members(log: Log) -> Members:
    """The members of a certificate that holds."""
    keys = {role: [key.public.model_dump(mode="json")] for role, key in KEYS.items()}
    return {"keys.json": canonical(keys), **{f"{role}.json": signed_member(log, role) for role in KEYS}}


@pytest.fixture
def verify(
    tmp_path: Path, log: Log, capsys: pytest.CaptureFixture[str]
) -> Callable[[Members], tuple[int, str, str]]:
    def run(members: Members) -> tuple[int, str, str]:
        vkey = tmp_path / "log.vkey"
        vkey.write_text(log.signer.key.to_text())
        archive = packed(tmp_path / "certificate.zip", members)
        code = main(["verify-certificate", str(archive), "--vkey", str(vkey)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


Verify = Callable[[Members], tuple[int, str, str]]


def changed(members: Members, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads(members[name])
    change(fields)
    members[name] = canonical(fields)


def test_an_untouched_certificate_holds(members: Members, verify: Verify) -> None:
    code, out, _ = verify(members)
    assert code == 0
    assert f"delivery {'cd' * 16} of north is destroyed: 1 by analysis, 1 by linkage" in out


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "another delivery": (
        "linkage.json",
        lambda f: f["statement"].update(delivery_id="00" * 16),
        "linkage.json: the statement differs from the one that this worker signed",
    ),
    "a signature cut short": (
        "analysis.json",
        lambda f: f.update(signature=f["signature"][:-8]),
        "analysis.json: ",
    ),
    "more than was said": ("linkage.json", lambda f: f.update(more=1), "linkage.json: not a statement"),
    "no entry": ("linkage.json", lambda f: f.update(log={}), "linkage.json: log entry: not an entry"),
    "another salt": (
        "linkage.json",
        lambda f: f["log"].update(salt="AAAAAAAAAAAAAAAAAAAAAA=="),
        "linkage.json: log entry",
    ),
    "the keys of one worker": ("keys.json", lambda f: f.pop("linkage"), "linkage.json: does not belong"),
    "the key of somebody else": ("keys.json", lambda f: f.update(api=[]), "keys.json: not keys by worker"),
    "keys that are none": ("keys.json", lambda f: f.update(linkage="x"), "not a list of keys"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_certificate_is_refused(members: Members, verify: Verify, change: str) -> None:
    name, how, why = CHANGES[change]
    changed(members, name, how)
    code, _, err = verify(members)
    assert (code, why in err) == (1, True), err


def test_one_workers_certificate_in_the_place_of_the_others_is_refused(
    members: Members, verify: Verify
) -> None:
    members["linkage.json"] = members["analysis.json"]
    changed(members, "keys.json", lambda f: f.update(linkage=f["analysis"]))
    code, _, err = verify(members)
    assert (code, "differs from the one that this worker signed" in err) == (1, True)


def test_certificates_of_two_destructions_are_refused(members: Members, log: Log, verify: Verify) -> None:
    members["linkage.json"] = signed_member(log, "linkage", delivery_id="00" * 16)
    code, _, err = verify(members)
    assert (code, "of two destructions" in err) == (1, True)


def test_an_entry_of_another_act_is_refused(members: Members, log: Log, verify: Verify) -> None:
    members["linkage.json"] = signed_member(log, "linkage", Action.DESTRUCTION_FAIL)
    code, _, err = verify(members)
    assert (code, "not about the signing" in err) == (1, True)


class Nothing(Value):
    """What no worker of ours signs."""

    destruction_id: str = "ab" * 16
    role: str


class NoKeys(Nothing):
    """What names a delivery and no keys of it."""

    destruction: int = 1
    provider_id: str = "north"
    delivery_id: str = "cd" * 16


@pytest.mark.parametrize("form", [Nothing, NoKeys])
def test_a_certificate_that_names_nothing_is_refused(
    members: Members, log: Log, verify: Verify, form: type[Nothing]
) -> None:
    for role, key in KEYS.items():
        statement = form(role=role)
        signed = sign(statement, key, TextType.DESTRUCTION)
        action, subject = Action.DESTRUCTION_CERTIFY, statement.destruction_id
        members[f"{role}.json"] = entered_text(log, statement, signed, action, subject)
    code, _, err = verify(members)
    assert (code, "does not say what was destroyed" in err) == (1, True)


def test_the_certificate_of_one_worker_alone_is_refused(members: Members, verify: Verify) -> None:
    del members["linkage.json"]
    changed(members, "keys.json", lambda f: f.pop("linkage"))
    code, _, err = verify(members)
    assert (code, "not the workers that keep something of it" in err) == (1, True)


@pytest.mark.parametrize("gone", ["keys.json", "linkage.json"])
def test_a_certificate_with_a_part_missing_is_refused(members: Members, verify: Verify, gone: str) -> None:
    del members[gone]
    code, _, err = verify(members)
    assert (code, f"{gone}: missing" in err) == (1, True)


def test_what_no_signature_covers_is_refused(members: Members, verify: Verify) -> None:
    code, _, err = verify({**members, "more.txt": b"x"})
    assert (code, "more.txt: does not belong" in err) == (1, True)


def test_a_log_that_is_not_the_pinned_one_is_refused(members: Members, log: Log, verify: Verify) -> None:
    log.signer = a_signer(seed=2)
    code, _, err = verify(members)
    assert (code, "log entry" in err) == (1, True)
