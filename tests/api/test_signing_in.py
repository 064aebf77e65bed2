"""Tokens: who gets one, and what is no token (threats T5 and T6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from linkage_engine.contract.permit import Role
from service.access.actions import revoke_principal
from service.access.records import UsedAssertion
from service.access.tokens import ISSUER, Issuer
from service.audit.records import RefusalTally
from service.client import ASSERTION_TYPE
from service.signed import SigningKey, TextType
from tests.at_work import AtWork

pytestmark = pytest.mark.both_databases

FORM = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}


def claims(service: AtWork, **changes: object) -> dict[str, Any]:
    now = int(service.clock().timestamp())
    fields: dict[str, Any] = {
        "iss": "rosalind",
        "sub": "rosalind",
        "aud": "tre-linkage",
        "jti": service.random(16).hex(),
        "iat": now,
        "exp": now + 60,
    }
    return fields | changes


def signed_claims(service: AtWork, typ: TextType = TextType.ASSERTION, **changes: object) -> str:
    text = json.dumps(claims(service, **changes)).encode()
    return service.people["rosalind"].key.sign_bytes(text, typ)


def test_a_registered_key_gets_a_token_that_lives_five_minutes(service: AtWork) -> None:
    answer = service.sign_in(service.assertion("rosalind"))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 300
    assert answer.headers["cache-control"] == "no-store"
    assert service.entries()[-1].action == "token:issue"


def test_an_assertion_serves_once(service: AtWork) -> None:
    assertion = service.assertion("rosalind")
    assert service.sign_in(assertion).status_code == 200
    again = service.sign_in(assertion)
    assert (again.status_code, again.json()["type"]) == (401, "/problems/assertion-refused")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-service"},
        {"exp": 0},
        {"iat": 4_000_000_000, "exp": 4_000_000_060},
        {"iss": "oliver"},
        {"sub": "nobody-known", "iss": "nobody-known"},
        {"sub": "oliver", "iss": "oliver"},
        {"jti": "short"},
        {"extra": 1},
        {"exp": "soon"},
    ],
)
def test_an_assertion_with_other_claims_is_refused(service: AtWork, changes: dict[str, Any]) -> None:
    answer = service.sign_in(signed_claims(service, **changes))
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/assertion-refused")


def test_an_assertion_may_not_live_longer_than_five_minutes(service: AtWork) -> None:
    now = int(service.clock().timestamp())
    assert service.sign_in(signed_claims(service, exp=now + 301)).status_code == 401
    assert service.sign_in(signed_claims(service, exp=now + 300)).status_code == 200


def test_a_clock_a_little_ahead_is_forgiven(service: AtWork) -> None:
    now = int(service.clock().timestamp())
    assert service.sign_in(signed_claims(service, iat=now + 30, exp=now + 60)).status_code == 200
    assert service.sign_in(signed_claims(service, iat=now + 31, exp=now + 60)).status_code == 401
    assert service.sign_in(signed_claims(service, nbf=now + 30)).status_code == 200
    assert service.sign_in(signed_claims(service, nbf=now + 31)).status_code == 401


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c", "e30.e30.e30", "e30.W10.e30", "é.é.é", "a." + "A" * 5000]
)
def test_words_that_are_no_assertion_are_refused(service: AtWork, text: str) -> None:
    assert service.sign_in(text).status_code in {401, 422}


def test_another_text_of_the_same_key_is_no_assertion(service: AtWork) -> None:
    assert service.sign_in(signed_claims(service, TextType.QUESTION)).status_code == 401


def test_a_revoked_key_gets_no_token_and_its_old_token_is_refused_at_once(service: AtWork) -> None:
    assert service.get("rosalind", "/releases").status_code == 200
    with service.worker("operator") as act:
        revoke_principal(act, "rosalind")
    refused = service.get("rosalind", "/releases")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in")
    assert service.sign_in(service.assertion("rosalind")).status_code == 401


def test_an_expired_token_says_so(service: AtWork) -> None:
    service.token("rosalind")
    service.clock.forward(seconds=299)
    assert service.get("rosalind", "/releases").status_code == 200
    service.clock.forward(seconds=1)
    refused = service.get("rosalind", "/releases")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/token-expired")


def test_used_assertions_are_forgotten_when_their_age_refuses_them(service: AtWork) -> None:
    service.sign_in(service.assertion("rosalind"))
    service.clock.forward(minutes=10)
    service.sign_in(service.assertion("rosalind"))
    with service.looking() as session:
        assert session.scalar(select(func.count()).select_from(UsedAssertion)) == 1


def forged_tokens(service: AtWork) -> dict[str, str]:
    """What an attacker can make out of a true token and public keys."""
    good = service.token("rosalind")
    head, payload, signature = good.split(".")
    key = service.here.token_key
    other = SigningKey.generate()
    body = json.loads(base64.urlsafe_b64decode(payload + "=="))

    def encoded(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    hs256 = encoded({"alg": "HS256", "typ": "at+jwt", "kid": key.thumbprint})
    mac = hmac.digest(key.public.x.encode(), f"{hs256}.{payload}".encode(), hashlib.sha256)
    as_operator = json.dumps(body | {"sub": "oliver", "role": "operator"}).encode()
    changed = base64.urlsafe_b64encode(as_operator).rstrip(b"=").decode()
    tag = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return {
        "alg none": f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.",
        "HS256 with the public key": f"{hs256}.{payload}.{tag}",
        "another key": Issuer(other, "tre-linkage", 300).issue(
            "rosalind", Role.RESEARCHER, clock=service.clock, random=service.random
        ),
        "another audience": Issuer(key, "another", 300).issue(
            "rosalind", Role.RESEARCHER, clock=service.clock, random=service.random
        ),
        "another role": Issuer(key, "tre-linkage", 300).issue(
            "rosalind", Role.OPERATOR, clock=service.clock, random=service.random
        ),
        "nobody": Issuer(key, "tre-linkage", 300).issue(
            "nobody-known", Role.OPERATOR, clock=service.clock, random=service.random
        ),
        "another subject": f"{head}.{changed}.{signature}",
        "another purpose": key.sign_bytes(json.dumps(body).encode(), TextType.ASSERTION),
        "another issuer": key.sign_bytes(
            json.dumps(body | {"iss": f"not-{ISSUER}"}).encode(), TextType.ACCESS_TOKEN
        ),
        "no claims": key.sign_bytes(b"{}", TextType.ACCESS_TOKEN),
        "cut short": good[:-4],
        "an assertion": service.assertion("rosalind"),
        "nothing": "",
    }


def test_forged_tokens_are_refused(service: AtWork) -> None:
    for forgery, token in forged_tokens(service).items():
        answer = service.client.get("/releases", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in"), forgery
        assert answer.headers["www-authenticate"] == 'DPoP algs="Ed25519 ES256 ES384 RS384"'


def test_another_scheme_is_refused(service: AtWork) -> None:
    assert service.client.get("/releases", headers={"authorization": "Basic YTpi"}).status_code == 401
    assert service.client.get("/releases").status_code == 401


def test_refused_sign_ins_are_counted_not_entered_one_by_one(service: AtWork) -> None:
    before = len(service.entries())
    for _ in range(5):
        service.client.get("/releases")
    assert len(service.entries()) == before
    with service.looking() as session:
        tally = session.scalars(select(RefusalTally)).one()
    assert (tally.count, tally.slug) == (5, "not-signed-in")


def test_the_form_is_checked_without_being_repeated(service: AtWork) -> None:
    secret = "943-476-5919"
    answer = service.client.post("/token", data={**FORM, "grant_type": secret, "client_assertion": "x"})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"pointer": "/grant_type", "code": "literal_error"}]
    assert secret not in answer.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"no equals sign", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_unreadable(service: AtWork, body: bytes, content_type: str) -> None:
    answer = service.client.post("/token", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-unreadable")


def test_unknown_fields_of_the_form_are_passed_over(service: AtWork) -> None:
    form = {**FORM, "client_assertion": service.assertion("rosalind"), "scope": "everything"}
    assert service.client.post("/token", data=form).status_code == 200
