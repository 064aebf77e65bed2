"""Programs with keys of other kinds: the registered key decides the algorithm, never a header (RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec as curves
from cryptography.hazmat.primitives.hashes import SHA384
from httpx2 import Response
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.access.actions import register_client_key, revoke_client_key, revoke_principal
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from service.public_keys import client_key
from tests.api.test_proofs import claims as proof_claims
from tests.api.test_proofs import looked, proof, strict
from tests.api.test_signing_in import FORM, claims
from tests.at_work import AtWork

__all__ = ["strict"]
Key = OKPKey | ECKey | RSAKey
P384, RSA, OTHER = ECKey.generate_key("P-384"), RSAKey.generate_key(2048), ECKey.generate_key("P-384")
KINDS: dict[str, Key] = {"ES384": P384, "RS384": RSA}


def public(key: Key) -> dict[str, Any]:
    said = key.as_dict(private=False)
    return {name: said[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in said}


def registered(service: AtWork, key: Key, name: str = "rosalind") -> str:
    made = client_key(public(key))
    with service.worker("operator") as act:
        register_client_key(act, name, made)
    return made.thumbprint


def assertion(service: AtWork, key: Key, *, alg: str = "ES384", kid: str = "", **header: object) -> str:
    made = {"alg": alg, "typ": "JWT", "kid": kid or client_key(public(key)).thumbprint} | header
    said = json.dumps(claims(service)).encode()
    return jws.serialize_compact(made, said, key, algorithms=[alg])


def refused(answer: Response) -> bool:
    return (answer.status_code, answer.json()["type"]) == (401, "/problems/assertion-refused")


@pytest.mark.parametrize("alg", KINDS)
def test_a_further_key_gets_a_token_and_its_own_key_still_does(service: AtWork, alg: str) -> None:
    thumbprint = registered(service, KINDS[alg])
    made = assertion(service, KINDS[alg], alg=alg)
    assert service.sign_in(made).status_code == 200
    assert service.entries()[-1].detail["key_id"] == f"jkt:{thumbprint}"
    assert refused(service.sign_in(made)), "an assertion serves once"
    assert service.sign_in(service.assertion("rosalind")).status_code == 200
    registering = service.entries()[-3]
    assert (registering.action, registering.detail["kind"]) == ("key:register", alg)


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_a_token_may_be_bound_to_a_key_of_each_kind(strict: AtWork, alg: str) -> None:
    key = KINDS[alg]
    form = {**FORM, "client_assertion": strict.assertion("rosalind")}
    said = proof_claims(strict, htm="POST", htu="http://testserver/token")
    answer = strict.client.post("/token", data=form, headers={"dpop": proof(key, said, alg=alg)})
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert looked(strict, token, proof(key, proof_claims(strict, token), alg=alg)).status_code == 200
    stranger = proof(ECKey.generate_key("P-384"), proof_claims(strict, token), alg="ES384")
    assert looked(strict, token, stranger).status_code == 401


def raw(service: AtWork, header: dict[str, str], sign: Callable[[bytes], bytes]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims(service)))
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return f"{text.decode()}.{base64.urlsafe_b64encode(sign(text)).rstrip(b'=').decode()}"


def test_every_other_algorithm_key_and_header_is_refused(service: AtWork) -> None:
    ec, rsa = registered(service, P384), registered(service, RSA)
    pem = RSA.as_pem(private=False)
    head = {"alg": "ES384", "typ": "JWT", "kid": ec}
    own = service.people["rosalind"].key.thumbprint

    def signed(key: bytes, name: str) -> Callable[[bytes], bytes]:
        return lambda text: hmac.digest(key, text, name)

    faults = {
        "alg none": raw(service, head | {"alg": "none"}, lambda _: b""),
        "HS256 with the public RSA key": raw(
            service, {"alg": "HS256", "typ": "JWT", "kid": rsa}, signed(pem, "sha256")
        ),
        "HS384 with the public key": raw(
            service, head | {"alg": "HS384"}, signed(json.dumps(public(P384)).encode(), "sha384")
        ),
        "RS256 of an RSA key": assertion(service, RSA, alg="RS256"),
        "PS384 of an RSA key": assertion(service, RSA, alg="PS384"),
        "the name of another's key": assertion(service, OTHER, kid=ec),
        "the name of our Ed25519 key": assertion(service, P384, kid=own),
        "the name of our RSA key": assertion(service, P384, kid=rsa),
        "a key that nobody registered": assertion(service, OTHER),
        "its own key in the header": assertion(service, OTHER, jwk=public(OTHER)),
        "an address of keys": assertion(service, P384, jku="https://keys.example/"),
        "another type": assertion(service, P384, typ="at+jwt"),
        "an ECDSA signature of nought": raw(service, head, lambda _: bytes(96)),
        "a signature that is cut short": assertion(service, P384)[:-8],
        "a DER signature": raw(service, head, der),
    }
    for fault, text in faults.items():
        assert refused(service.sign_in(text)), fault
    assert service.sign_in(assertion(service, P384)).status_code == 200


def der(text: bytes) -> bytes:
    private = P384.private_key
    assert isinstance(private, curves.EllipticCurvePrivateKey)
    return private.sign(text, curves.ECDSA(SHA384()))


def test_another_principals_key_signs_nobody_else_in(service: AtWork) -> None:
    registered(service, P384, "oliver")
    assert refused(service.sign_in(assertion(service, P384)))


def test_a_revoked_further_key_and_its_tokens_are_refused_at_once(service: AtWork) -> None:
    thumbprint = registered(service, P384)
    token = service.sign_in(assertion(service, P384)).json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert service.client.get("/releases", headers=bearer).status_code == 200
    with service.worker("operator") as act:
        revoke_client_key(act, thumbprint)
    assert service.client.get("/releases", headers=bearer).status_code == 401
    assert refused(service.sign_in(assertion(service, P384)))
    before = len(service.entries())
    with service.worker("operator") as act:
        revoke_client_key(act, thumbprint)
    assert len(service.entries()) == before
    assert service.get("rosalind", "/releases").status_code == 200


def test_a_key_is_registered_once_for_somebody_who_is_live(service: AtWork) -> None:
    registered(service, P384)
    for name, key in (("rosalind", P384), ("oliver", P384)):
        with pytest.raises(AlreadyRegistered):
            registered(service, key, name)
    own = client_key(service.people["rachel"].party.signing_key.model_dump())
    with pytest.raises(AlreadyRegistered), service.worker("operator") as act:
        register_client_key(act, "rosalind", own)
    with service.worker("operator") as act:
        revoke_principal(act, "rachel")
    for name in ("rachel", "nobody-known"):
        with pytest.raises(NotFound):
            registered(service, OTHER, name)
    with pytest.raises(NotFound), service.worker("operator") as act:
        revoke_client_key(act, hashlib.sha256(b"").hexdigest())
