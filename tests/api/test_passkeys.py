"""People sign in with a passkey: its owner, once for each question, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.access.actions import revoke_principal
from tests.at_browser import Browser, authenticator, enrols, link_for, passkey_of, problem, uses
from tests.at_work import AtWork

pytestmark = pytest.mark.both_databases


def test_a_passkey_signs_its_owner_in(service: AtWork) -> None:
    key, browser = passkey_of(service), Browser(service)
    key.counter = 1
    assert uses(service, key, browser).json() == {"next": "/session"}
    assert browser.get("/session").json()["principal_id"] == "rosalind"
    assert service.entries()[-2].detail["kind"] == "passkey"


def test_a_passkey_whose_counter_goes_back_or_stands_is_refused(service: AtWork) -> None:
    key = passkey_of(service)
    for counter, status in ((5, 200), (5, 401), (4, 401), (0, 401), (6, 200)):
        key.counter = counter
        assert uses(service, key).status_code == status


def test_whatever_else_an_authenticator_says_is_refused(service: AtWork) -> None:
    key = passkey_of(service)
    faults = {
        "another's key": replace(key, key=authenticator().key),
        "another's name": replace(key, credential_id=b"nobody" * 4),
        "another origin": replace(key, origin="https://evil.example"),
        "another host": replace(key, host="evil.example"),
        "nobody was there": replace(key, flags=0x04),
        "neither PIN nor body": replace(key, flags=0x01),
    }
    for fault, lying in faults.items():
        assert problem(uses(service, lying)) == (401, "sign-in-refused"), fault
    for part in ("signature", "clientDataJSON", "authenticatorData"):
        for value in ("", "AAAA", "=", "é"):
            assert problem(uses(service, key, None, **{part: value})) == (401, "sign-in-refused"), part
    no_answers: list[dict[str, Any]] = [
        {},
        {"rawId": 5},
        {"response": []},
        {"response": {"clientDataJSON": 5}},
    ]
    for answer in no_answers:
        sent = Browser(service).send("POST", "/sign-in/passkey", json=answer)
        assert problem(sent) == (401, "sign-in-refused")
    assert uses(service, key).status_code == 200


def test_an_answer_serves_once_and_for_the_question_it_was_asked(service: AtWork) -> None:
    key, browser = passkey_of(service), Browser(service)
    options = browser.send("POST", "/sign-in/passkey/options", json={}).json()
    answer = key.used(options)
    assert browser.send("POST", "/sign-in/passkey", json=answer).status_code == 200
    assert problem(browser.send("POST", "/sign-in/passkey", json=answer)) == (401, "sign-in-refused")
    link = link_for(service, "rachel")
    options = browser.send("POST", f"/enrol/{link}/passkey/options", json={}).json()
    sent = browser.send("POST", "/sign-in/passkey", json=key.used(options))
    assert problem(sent) == (401, "sign-in-refused")
    options = browser.send("POST", "/sign-in/passkey/options", json={}).json()
    service.clock.forward(minutes=5)
    sent = browser.send("POST", "/sign-in/passkey", json=key.used(options))
    assert problem(sent) == (401, "sign-in-refused")


def test_nobody_enrols_anothers_passkey_or_one_that_was_made_elsewhere(service: AtWork) -> None:
    key = passkey_of(service)
    for fault in (
        key,
        authenticator(b"x", origin="https://evil.example"),
        authenticator(b"y", host="evil.example"),
        authenticator(b"z", flags=0x01),
    ):
        assert problem(enrols(service, link_for(service, "rachel"), fault)) == (401, "enrolment-refused")
    first, second = link_for(service, "rachel"), link_for(service, "cheng")
    browser = Browser(service)
    options = browser.send("POST", f"/enrol/{first}/passkey/options", json={}).json()
    crossed = browser.send("POST", f"/enrol/{second}/passkey", json=authenticator(b"w").made(options))
    assert problem(crossed) == (401, "enrolment-refused")
    assert uses(service, key).status_code == 200


def test_a_passkey_of_somebody_revoked_signs_nobody_in(service: AtWork) -> None:
    key = passkey_of(service)
    with service.worker("operator") as act:
        revoke_principal(act, "rosalind")
    assert problem(uses(service, key)) == (401, "sign-in-refused")
