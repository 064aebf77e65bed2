"""Tokens bound to a key: a stolen one is of no use (threat T5, RFC 9449 §4.3 and the FAPI 2.0 list)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.access.admission import issuer_of
from service.access.proofs import token_digest
from service.signed import SigningKey
from service.web.once import Once
from tests.api.test_signing_in import FORM
from tests.at_work import AtWork

ADDRESS = "http://testserver"
Key = OKPKey | ECKey | RSAKey


@pytest.fixture
def strict(service: AtWork) -> Iterator[AtWork]:
    """A service that gives no token to who proves no key, as installations are set up."""
    here = service.here
    made = here.settings.model_copy(update={"bearer_tokens": False})
    service.app.state.surroundings = replace(here, settings=made, once=Once(service.clock()))
    yield service
    service.app.state.surroundings = here


def claims(service: AtWork, token: str | None = None, **changes: object) -> dict[str, Any]:
    made: dict[str, Any] = {
        "jti": service.random(16).hex(),
        "htm": "GET",
        "htu": f"{ADDRESS}/releases",
        "iat": int(service.clock().timestamp()),
    }
    if token is not None:
        made["ath"] = token_digest(token)
    return {name: value for name, value in (made | changes).items() if value is not None}


def proof(key: Key, said: dict[str, Any], *, alg: str = "Ed25519", **header: object) -> str:
    """A proof made without any code of the service."""
    public = key.as_dict(private=False)
    own = {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}
    made = {"typ": "dpop+jwt", "alg": alg, "jwk": own} | header
    return jws.serialize_compact(made, json.dumps(said).encode(), key, algorithms=[alg])


def raw(key: OKPKey, said: dict[str, Any], **header: object) -> str:
    """A proof with any header, whose signature holds all the same."""
    public = public_of(key)
    made = {"typ": "dpop+jwt", "alg": "Ed25519", "jwk": public} | header
    text = f"{encoded({n: v for n, v in made.items() if v is not None})}.{encoded(said)}"
    private = key.get_op_key("sign")
    assert isinstance(private, Ed25519PrivateKey)
    signature = private.sign(text.encode())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def public_of(key: OKPKey) -> dict[str, Any]:
    return {name: value for name, value in key.as_dict(private=False).items() if name in {"kty", "crv", "x"}}


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def a_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519")


def signed_in(service: AtWork, key: Key, *, alg: str = "Ed25519") -> str:
    said = claims(service, htm="POST", htu=f"{ADDRESS}/token")
    form = {**FORM, "client_assertion": service.assertion("rosalind")}
    answer = service.client.post("/token", data=form, headers={"dpop": proof(key, said, alg=alg)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"
    token: str = answer.json()["access_token"]
    return token


def looked(
    service: AtWork, token: str, *proofs: str, scheme: str = "DPoP", path: str = "/releases"
) -> Response:
    headers = [("authorization", f"{scheme} {token}"), *(("dpop", each) for each in proofs)]
    return service.client.get(path, headers=headers)


def refused(answer: Response, slug: str = "proof-refused") -> bool:
    return (answer.status_code, answer.json()["type"]) == (401, f"/problems/{slug}")


@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ES384"])
def test_a_token_serves_who_holds_its_key(strict: AtWork, alg: str) -> None:
    curve = {"ES256": "P-256", "ES384": "P-384"}.get(alg)
    key = ECKey.generate_key(curve) if curve else a_key()
    token = signed_in(strict, key, alg=alg)
    assert looked(strict, token, proof(key, claims(strict, token), alg=alg)).status_code == 200
    # Query and fragment are no part of the address, nor is the case of scheme and host.
    other = claims(strict, token, htu="HTTP://TestServer:80/releases?limit=1#x")
    assert looked(strict, token, proof(key, other, alg=alg), path="/releases?limit=2").status_code == 200


def test_what_a_token_is_bound_to_is_entered(strict: AtWork) -> None:
    signed_in(strict, a_key())
    assert strict.entries()[-1].detail["kind"] == "bound"


def test_who_proves_no_key_gets_no_token_unless_the_site_says_so(strict: AtWork) -> None:
    assert refused(strict.sign_in(strict.assertion("rosalind")))


def test_where_a_site_allows_it_a_client_may_still_bind_its_token(service: AtWork) -> None:
    key = a_key()
    token = signed_in(service, key)
    assert refused(looked(service, token, scheme="Bearer"), "not-signed-in")
    assert refused(looked(service, token))
    assert looked(service, token, proof(key, claims(service, token))).status_code == 200
    loose = service.token("rosalind")
    assert looked(service, loose, scheme="Bearer").status_code == 200
    assert refused(looked(service, loose, proof(key, claims(service, loose))), "not-signed-in")


def test_a_bearer_token_of_before_serves_nobody_where_keys_are_proved(strict: AtWork) -> None:
    assert refused(looked(strict, strict.token("rosalind"), scheme="Bearer"))


def faults(service: AtWork, key: OKPKey, token: str) -> dict[str, list[str]]:
    """What an attacker sends who has the token, and every way to make a wrong proof."""
    now = int(service.clock().timestamp())
    stranger, ec = a_key(), ECKey.generate_key("P-256")
    good = proof(key, claims(service, token))
    head, body, signature = good.split(".")
    said = claims(service, token)

    public = public_of(key)
    hs256 = encoded({"typ": "dpop+jwt", "alg": "HS256", "jwk": public})
    mac = base64.urlsafe_b64encode(
        hmac.digest(public["x"].encode(), f"{hs256}.{body}".encode(), hashlib.sha256)
    )
    shared = encoded({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}})
    private = key.as_dict(private=True)
    rsa = RSAKey.generate_key(2048)
    return {
        "none": [],
        "two": [proof(key, claims(service, token)), proof(key, claims(service, token))],
        "another client's key": [proof(stranger, claims(service, token))],
        "another kind of key": [proof(ec, claims(service, token), alg="ES256")],
        "another method": [proof(key, claims(service, token, htm="POST"))],
        "the method in small letters": [proof(key, claims(service, token, htm="get"))],
        "another path": [proof(key, claims(service, token, htu=f"{ADDRESS}/projects"))],
        "another host": [proof(key, claims(service, token, htu="http://elsewhere/releases"))],
        "another scheme": [proof(key, claims(service, token, htu="https://testserver/releases"))],
        "another port": [proof(key, claims(service, token, htu="http://testserver:81/releases"))],
        "no address": [proof(key, claims(service, token, htu="http://[::1"))],
        "another token": [proof(key, claims(service, token, ath=token_digest("another")))],
        "no token": [proof(key, claims(service))],
        "old": [proof(key, claims(service, token, iat=now - 61))],
        "of the future": [proof(key, claims(service, token, iat=now + 31))],
        "a moment that is no number": [proof(key, claims(service, token, iat="now"))],
        "no name": [proof(key, claims(service, token, jti=None))],
        "a short name": [proof(key, claims(service, token, jti="1"))],
        "no method": [proof(key, claims(service, token, htm=None))],
        "alg none": [f"{encoded({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': public})}.{body}."],
        "HS256 with the public key": [f"{hs256}.{body}.{mac.rstrip(b'=').decode()}"],
        "a shared key": [f"{shared}.{body}.{signature}"],
        "an RSA key": [proof(rsa, said, alg="RS256")],
        "another type": [raw(key, said, typ="at+jwt")],
        "a private key": [raw(key, said, jwk={n: private[n] for n in ("kty", "crv", "x", "d")})],
        "another key in the header": [raw(key, said, jwk=public_of(stranger))],
        "a key of no kind": [raw(key, said, jwk=public_of(key) | {"kty": "RSA"})],
        "a key of no curve": [raw(key, said, jwk=public_of(key) | {"crv": "Ed448"})],
        "a key of no length": [raw(key, said, jwk=public_of(key) | {"x": "AA"})],
        "no key": [raw(key, said, jwk=None)],
        "more in the header": [raw(key, said, kid="1")],
        "another signature": [f"{head}.{body}.{'A' * len(signature)}"],
        "another body": [f"{head}.{encoded(claims(service, token, jti='x' * 16))}.{signature}"],
        "no claims": [proof(key, {})],
        "EdDSA, which says no curve (RFC 9864)": [raw(key, said, alg="EdDSA")],
        "a key that is a text": [raw(key, said, jwk="x")],
        "no proof": ["x"],
        "too long": [proof(key, claims(service, token, more="x" * 5000))],
    }


def test_every_wrong_proof_is_refused(strict: AtWork) -> None:
    key = a_key()
    token = signed_in(strict, key)
    for fault, proofs in faults(strict, key, token).items():
        answer = looked(strict, token, *proofs)
        assert refused(answer), fault
        assert answer.headers["www-authenticate"].startswith("DPoP ")
    assert looked(strict, token, proof(key, claims(strict, token))).status_code == 200


def test_a_proof_serves_once(strict: AtWork) -> None:
    key = a_key()
    token = signed_in(strict, key)
    one = proof(key, claims(strict, token))
    assert looked(strict, token, one).status_code == 200
    assert refused(looked(strict, token, one))
    strict.clock.forward(seconds=50)
    assert refused(looked(strict, token, one))


def test_a_proof_of_signing_in_serves_once_and_for_nothing_else(strict: AtWork) -> None:
    key = a_key()
    said = claims(strict, htm="POST", htu=f"{ADDRESS}/token")
    form = [{**FORM, "client_assertion": strict.assertion("rosalind")} for _ in range(2)]
    one = proof(key, said)
    answers = [strict.client.post("/token", data=each, headers={"dpop": one}) for each in form]
    assert answers[0].status_code == 200
    assert refused(answers[1])
    assert refused(looked(strict, answers[0].json()["access_token"], one))


def test_after_a_restart_what_was_signed_before_is_not_believed(strict: AtWork) -> None:
    key = a_key()
    token = signed_in(strict, key)
    seen = proof(key, claims(strict, token))
    assert looked(strict, token, seen).status_code == 200
    strict.clock.forward(seconds=2)
    here = strict.app.state.surroundings
    strict.app.state.surroundings = replace(here, once=Once(strict.clock()))
    assert refused(looked(strict, token, seen))
    assert looked(strict, token, proof(key, claims(strict, token))).status_code == 200


def test_behind_a_proxy_the_address_is_the_one_that_clients_know(strict: AtWork) -> None:
    key = a_key()
    token = signed_in(strict, key)
    here = strict.app.state.surroundings
    outside = here.settings.model_copy(update={"address": "https://tre.example"})
    strict.app.state.surroundings = replace(here, settings=outside)
    assert refused(looked(strict, token, proof(key, claims(strict, token))))
    told = claims(strict, token, htu="https://tre.example/releases")
    assert looked(strict, token, proof(key, told)).status_code == 200


def test_an_expired_token_is_refused_whoever_holds_its_key(strict: AtWork) -> None:
    key = a_key()
    token = signed_in(strict, key)
    strict.clock.now += timedelta(minutes=6)
    assert refused(looked(strict, token, proof(key, claims(strict, token))), "token-expired")


def test_a_token_bound_by_somebody_else_serves_nobody(strict: AtWork) -> None:
    forged = replace(issuer_of(strict.here), key=SigningKey.generate())
    role = strict.people["rosalind"].role
    key = a_key()
    token = forged.issue(
        "rosalind", role, clock=strict.clock, random=strict.random, bound_to=key.thumbprint()
    )
    assert refused(looked(strict, token, proof(key, claims(strict, token))), "not-signed-in")


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # proofs are new each time
)
@given(data=st.data())
def test_no_changed_letter_of_a_proof_is_believed(
    data: st.DataObject, mutated: tuple[AtWork, OKPKey, str]
) -> None:
    service, key, token = mutated
    good = proof(key, claims(service, token))
    at = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."))
    changed = good[:at] + letter + good[at + 1 :]
    if changed != good:
        assert refused(looked(service, token, changed))


@pytest.fixture
def mutated(strict: AtWork) -> tuple[AtWork, OKPKey, str]:
    key = a_key()
    return strict, key, signed_in(strict, key)
