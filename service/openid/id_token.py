"""ID tokens: who signed in, if all of a token is as it has to be (OpenID Connect Core 1.0 §3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.openid.registration import Registration
from service.openid.signatures import ProviderKey, signed_bytes
from service.problems.tools import SignatureRefused

SKEW_SECONDS = 30
FRESH_SECONDS = 600
"""How long ago a token may have been made: it was asked for by the person's last click."""
HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "Ed25519": hashlib.sha512,
    "EdDSA": hashlib.sha512,
    "ES256": hashlib.sha256,
    "ES384": hashlib.sha384,
    "PS256": hashlib.sha256,
    "RS256": hashlib.sha256,
}


class Fault(StrEnum):
    """Why an answer of the provider is not believed: for the log of the machine, never for who asks."""

    SIGNATURE = "signature"
    CLAIMS = "claims"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME = "time"
    NONCE = "nonce"
    ACCESS_TOKEN = "access-token"  # noqa: S105  # the name of a fault
    SECOND_FACTOR = "second-factor"
    CODE = "code"


class AnswerRefused(Exception):
    """What the provider answered is not believed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Claims(BaseModel):
    """What of an ID token's claims is looked at; a provider may say more."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, strict=True)

    iss: str
    sub: str = Field(min_length=1, max_length=255, pattern=r"^[ -~]+$")
    aud: str | list[str]
    azp: str | None = None
    exp: int
    iat: int
    nbf: int | None = None
    nonce: str
    at_hash: str | None = None
    acr: str | None = None
    amr: list[str] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token is held against, beside what the site said of its provider."""

    registration: Registration
    keys: tuple[ProviderKey, ...]
    nonce: str
    access_token: str | None
    now: datetime


def person_at_provider(id_token: str, expected: Expected) -> str:
    """The name by which we know whom the provider says has signed in; raises AnswerRefused."""
    registration = expected.registration
    try:
        payload = signed_bytes(id_token, expected.keys, registration.algorithm)
    except SignatureRefused:
        raise AnswerRefused(Fault.SIGNATURE) from None
    try:
        claims = Claims.model_validate_json(payload)
    except ValidationError:
        raise AnswerRefused(Fault.CLAIMS) from None
    for fault, holds in _CHECKS.items():
        if not holds(claims, expected):
            raise AnswerRefused(fault)
    return identifier(claims.iss, claims.sub)


def identifier(issuer: str, subject: str) -> str:
    """What is kept of a person at a provider: a digest of both names, which alone are unique (§2)."""
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()


def _audience(claims: Claims, expected: Expected) -> bool:
    own = expected.registration.client_id  # any other audience is one that we have no reason to trust
    return claims.aud in (own, [own]) and claims.azp in {None, own}


def _time(claims: Claims, expected: Expected) -> bool:
    moment = expected.now.timestamp()
    begun = max(claims.iat, claims.nbf or claims.iat) <= moment + SKEW_SECONDS
    fresh = claims.iat >= moment - FRESH_SECONDS
    return begun and fresh and claims.iat < claims.exp and moment < claims.exp


def _nonce(claims: Claims, expected: Expected) -> bool:
    return hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode())


def _access_token(claims: Claims, expected: Expected) -> bool:
    if claims.at_hash is None:
        return True
    digest = HASHES[expected.registration.algorithm]((expected.access_token or "").encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    return expected.access_token is not None and claims.at_hash == half


def _second_factor(claims: Claims, expected: Expected) -> bool:
    asked = expected.registration
    return (not asked.acr or claims.acr in asked.acr) and (
        not asked.amr or bool({*asked.amr} & {*claims.amr})
    )


_CHECKS: Mapping[Fault, Callable[[Claims, Expected], bool]] = {
    Fault.ISSUER: lambda claims, expected: claims.iss == expected.registration.issuer,
    Fault.AUDIENCE: _audience,
    Fault.TIME: _time,
    Fault.NONCE: _nonce,
    Fault.ACCESS_TOKEN: _access_token,
    Fault.SECOND_FACTOR: _second_factor,
}
