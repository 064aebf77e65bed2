"""Output checkers decide with the passkey that the permit names: this decision, by its owner, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response
from pydantic import ValidationError

from linkage_engine.contract.permit import Party
from linkage_engine.contract.permit_parts import Passkey
from service.keys import fingerprint
from service.people.passkeys import public_key_of
from service.people.records import method_of
from tests.api.conftest import At
from tests.at_browser import HOST, ORIGIN, OURS, Browser, passkey_of, problem, uses
from tests.at_work import EVIDENCE, AtWork
from tests.authenticator import Authenticator

pytestmark = pytest.mark.both_databases
Keys = tuple[AtWork, str, dict[str, Authenticator]]
SAID = {"verdict": "approve", "reason": "seen", "evidence_sha256": EVIDENCE}


def named(service: AtWork, name: str, **changes: Any) -> Party:
    """A checker's entry in the permit with the passkey that they have enrolled."""
    with service.looking() as session:
        method = method_of(session, name)
    assert method is not None
    assert method.public_key is not None
    fields = {
        "credential_id": method.identifier,
        "public_key": public_key_of(method.public_key),
        "host": HOST,
        "origin": ORIGIN,
        **changes,
    }
    return service.people[name].party.model_copy(update={"passkeys": (Passkey(**fields),)})


@pytest.fixture
def keys(at: At) -> Iterator[Keys]:
    """Two checkers with passkeys that the permit names, and a release that waits for them."""
    with at("registered") as service:
        made = {name: passkey_of(service, name) for name in ("cheng", "carol")}
        for key in made.values():
            key.counter = 1
        people = [person.party for person in service.insiders()]
        parties = tuple(named(service, p.principal_id) if p.principal_id in made else p for p in people)
        service.open_project(permit=3, parties=parties)
        service.make_secret()
        service.finished_run()
        yield service, service.awaiting(), made


def signed_in(service: AtWork, key: Authenticator) -> Browser:
    browser = Browser(service)
    assert uses(service, key, browser).status_code == 200
    key.counter += 1
    return browser


def options(browser: Browser, release_id: str, **changes: str) -> Response:
    return browser.send("POST", f"/releases/{release_id}/decision/options", json={**SAID, **changes})


def decides(
    browser: Browser, release_id: str, key: Authenticator, said: dict[str, str] | None = None, **changes: str
) -> Response:
    told = options(browser, release_id, **(said or {})).json()
    answer = key.used(told["public_key"], **changes)
    body = {"decision": told["decision"], "answer": answer}
    return browser.send("POST", f"/releases/{release_id}/decision", json=body)


def test_two_checkers_approve_at_their_browsers_and_the_gate_is_asked(keys: Keys) -> None:
    service, release_id, made = keys
    cheng, carol = (signed_in(service, made[name]) for name in ("cheng", "carol"))
    page = cheng.send("GET", f"/releases/{release_id}/decision", {**OURS, "accept": "text/html"})
    assert "Sign with your passkey" in page.text
    assert EVIDENCE not in page.text  # it is typed from what tre-checker opened
    first = decides(cheng, release_id, made["cheng"])
    assert (first.status_code, first.json()["state"]) == (201, "awaiting")
    assert decides(carol, release_id, made["carol"]).json()["state"] == "approved"
    assert f"sign-release:{release_id}" in service.jobs()
    last = [entry for entry in service.entries() if entry.action == "release:decide"]
    assert [entry.actor for entry in last] == ["cheng", "carol"]
    shown = carol.get(f"/releases/{release_id}/decision")
    assert "Sign with your passkey" not in shown.text


def test_a_key_and_a_passkey_approve_together_and_one_refusal_ends_it(keys: Keys) -> None:
    service, release_id, made = keys
    assert service.decide("chidi", release_id).status_code == 201
    refused = decides(
        signed_in(service, made["cheng"]), release_id, made["cheng"], {"verdict": "refuse", "reason": "small"}
    )
    assert refused.json()["state"] == "refused"


def test_each_lie_of_an_authenticator_is_refused(keys: Keys) -> None:
    service, release_id, made = keys
    key = made["cheng"]
    browser = signed_in(service, key)
    lies: dict[str, Authenticator] = {
        "another's key": replace(key, key=made["carol"].key),
        "another's passkey": made["carol"],
        "another origin": replace(key, origin="https://evil.example"),
        "another host": replace(key, host="evil.example"),
        "nobody was there": replace(key, flags=0x04),
        "neither PIN nor body": replace(key, flags=0x01),
        "a count that stands": replace(key, counter=key.counter - 1),
        "a count that is nought": replace(key, counter=0),
    }
    for lie, lying in lies.items():
        assert problem(decides(browser, release_id, lying)) == (422, "decision-refused"), lie
    for part in ("signature", "clientDataJSON", "authenticatorData"):
        assert problem(decides(browser, release_id, key, None, **{part: "AAAA"})) == (
            422,
            "decision-refused",
        ), part
    assert decides(browser, release_id, key).status_code == 201


def test_an_answer_is_about_one_decision_and_serves_once(keys: Keys) -> None:
    service, release_id, made = keys
    key = made["cheng"]
    browser = signed_in(service, key)
    refusal = options(browser, release_id, verdict="refuse").json()
    answer = key.used(refusal["public_key"])
    path = f"/releases/{release_id}/decision"
    for changes in (
        {"verdict": "approve"},
        {"reason": "another"},
        {"checker_id": "carol"},
        {"release_id": "ab" * 16},
        {"evidence_sha256": "f" * 64},
        {"decided_at": "2026-03-02T12:00:01Z"},
    ):
        body = {"decision": {**refusal["decision"], **changes}, "answer": answer}
        assert problem(browser.send("POST", path, json=body)) == (422, "decision-refused"), changes
    body = {"decision": refusal["decision"], "answer": answer}
    assert browser.send("POST", path, json=body).status_code == 201
    assert problem(browser.send("POST", path, json=body)) == (409, "already-decided")


def test_a_sign_in_is_no_decision(keys: Keys) -> None:
    service, release_id, made = keys
    key = made["cheng"]
    browser = signed_in(service, key)
    told = options(browser, release_id).json()
    asked = browser.send("POST", "/sign-in/passkey/options", json={}).json()
    body = {"decision": told["decision"], "answer": key.used(asked)}
    sent = browser.send("POST", f"/releases/{release_id}/decision", json=body)
    assert problem(sent) == (422, "decision-refused")


def test_a_decision_that_waited_too_long_is_refused(keys: Keys) -> None:
    service, release_id, made = keys
    key = made["cheng"]
    browser = signed_in(service, key)
    told = options(browser, release_id).json()
    service.clock.forward(seconds=301)
    body = {"decision": told["decision"], "answer": key.used(told["public_key"])}
    sent = browser.send("POST", f"/releases/{release_id}/decision", json=body)
    assert problem(sent) == (422, "decision-refused")


def test_other_evidence_than_was_opened_is_not_put_before_the_passkey(keys: Keys) -> None:
    service, release_id, made = keys
    browser = signed_in(service, made["cheng"])
    assert problem(options(browser, release_id, evidence_sha256="f" * 64)) == (422, "decision-refused")
    assert options(browser, release_id, evidence_sha256=f" {EVIDENCE}\n").status_code == 200


def test_a_passkey_that_was_replaced_decides_nothing_though_the_permit_names_it(keys: Keys) -> None:
    service, release_id, made = keys
    key = made["cheng"]
    key.counter += 1
    passkey_of(service, "cheng", replace(key, credential_id=b"other" * 4))
    told = service.post("cheng", f"/releases/{release_id}/decision/options", SAID).json()
    body = {"decision": told["decision"], "answer": key.used(told["public_key"])}
    sent = service.post("cheng", f"/releases/{release_id}/decision", body)
    assert problem(sent) == (422, "decision-refused")


def test_who_has_no_passkey_in_the_permit_decides_by_key_alone(keys: Keys) -> None:
    service, release_id, _ = keys
    browser = signed_in(service, passkey_of(service, "chidi"))
    assert problem(options(browser, release_id)) == (409, "no-passkey")
    sent = browser.send("POST", f"/releases/{release_id}/decisions", json={"decision": "a.b.c"})
    assert problem(sent) == (403, "key-needed")


def test_an_owner_sees_the_fingerprint_that_governance_is_to_compare(keys: Keys) -> None:
    service, _, made = keys
    browser = signed_in(service, made["cheng"])
    shown = browser.send("GET", "/session", {**OURS, "accept": "text/html"}).text
    assert fingerprint(made["cheng"].named().public_key) in shown


@pytest.mark.parametrize("fault", ["a researcher's", "two checkers' one", "in version 2"])
def test_a_permit_names_passkeys_of_checkers_alone_each_once(at: At, fault: str) -> None:
    with at("registered") as service:
        key = Authenticator(ORIGIN, HOST, b"some").named()
        holders = {"a researcher's": {"rosalind"}, "two checkers' one": {"cheng", "carol"}}.get(
            fault, {"cheng"}
        )
        parties = tuple(
            person.party.model_copy(update={"passkeys": (key,)} if person.id in holders else {})
            for person in service.insiders()
        )
        text = service.permit_text(permit=3, parties=parties)
        if fault == "in version 2":
            with pytest.raises(ValidationError):
                service.permit_text(permit=2, parties=parties)
            return
        refused = service.post("oliver", "/projects", {"permit": text})
        assert problem(refused) == (422, "permit-refused")
        assert {"pointer": "/parties/passkeys", "code": "of-no-checker-or-twice"} in refused.json()["faults"]


def test_nobody_else_is_shown_or_asked(keys: Keys) -> None:
    service, release_id, _ = keys
    for name, status in (("rosalind", 403), ("audrey", 403), ("clara", 404), ("oliver", 403)):
        assert service.get(name, f"/releases/{release_id}/decision").status_code == status
        assert service.post(name, f"/releases/{release_id}/decision/options", SAID).status_code == status


def test_a_session_alone_decides_nothing(keys: Keys) -> None:
    service, release_id, made = keys
    browser = signed_in(service, made["cheng"])
    told = options(browser, release_id).json()
    for text in (json.dumps({"decision": told["decision"]}), "{", "{}"):
        body = {"decision": text}
        assert problem(service.post("cheng", f"/releases/{release_id}/decisions", body)) == (
            422,
            "decision-refused",
        )
