"""Access tokens and client assertions: what is signed, and when it is believed (RFC 7523, RFC 9068)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage_engine.contract.permit import PublicKey, Role
from linkage_engine.contract.value import Slug
from service.clock import Clock, Randomness
from service.problems.signing_in import AssertionRefused, NotSignedIn, TokenExpired
from service.problems.tools import SignatureRefused
from service.public_keys import ClientKey
from service.signed import SigningKey, TextType, asserted_bytes, verified_bytes

ISSUER = "tre-linkage"
ASSERTION_SECONDS = 300
"""The longest life of an assertion: the window in which its name has to be remembered."""
SKEW_SECONDS = 30
"""How far a client's clock may be ahead."""


class _Claims(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True)

    iss: str
    sub: Slug
    aud: str
    iat: int
    exp: int
    jti: str = Field(min_length=16, max_length=128)


class AssertionClaims(_Claims):
    """What a client assertion claims (RFC 7523 §3)."""

    nbf: int | None = None


class Confirmation(BaseModel):
    """The key that a token is bound to, by its thumbprint (RFC 9449 §6.1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True)

    jkt: str


class TokenClaims(_Claims):
    """What an access token claims (RFC 9068 §2.2)."""

    role: Role = Field(strict=False)
    cnf: Confirmation | None = None
    key: str | None = None
    """The further client key that it was got with: when that is revoked, so is the token."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues and reads access tokens of one service."""

    key: SigningKey
    audience: str
    seconds: int

    def issue(
        self,
        subject: str,
        role: Role,
        *,
        clock: Clock,
        random: Randomness,
        bound_to: str | None = None,
        got_with: str | None = None,
    ) -> str:
        """A token for a principal, good for `seconds` from now, and with the key of that thumbprint alone.

        `got_with` names the further client key that its owner signed in with.
        """
        now = int(clock().timestamp())
        claims = TokenClaims(
            iss=ISSUER,
            sub=subject,
            aud=self.audience,
            iat=now,
            exp=now + self.seconds,
            jti=random(16).hex(),
            role=role,
            cnf=Confirmation(jkt=bound_to) if bound_to is not None else None,
            key=got_with,
        )
        return self.key.sign_bytes(claims.model_dump_json(exclude_none=True).encode(), TextType.ACCESS_TOKEN)

    def read(self, token: str, now: datetime) -> TokenClaims:
        """The claims of a live token; raises TokenExpired, or NotSignedIn for any other text."""
        claims = _signed_claims(token, self.key.public)
        if (claims.iss, claims.aud) != (ISSUER, self.audience):
            raise NotSignedIn
        if claims.exp <= now.timestamp():
            raise TokenExpired
        return claims


@lru_cache(maxsize=1024)  # a token serves for many requests: it is verified once
def _signed_claims(token: str, key: PublicKey) -> TokenClaims:
    """What a token of this key claims, live or not; raises NotSignedIn for any other text."""
    try:
        payload, _ = verified_bytes(token, (key,), TextType.ACCESS_TOKEN)
        return TokenClaims.model_validate_json(payload)
    except (SignatureRefused, ValidationError):
        raise NotSignedIn from None


def claimed_subject(assertion: str) -> str:
    """Who an assertion says it is from, before anything of it is believed: only to find the key."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["sub"])
    except (ValueError, IndexError, KeyError, TypeError):
        raise AssertionRefused from None


def assertion_claims(
    assertion: str, keys: Sequence[ClientKey], *, audience: str, now: datetime
) -> tuple[AssertionClaims, ClientKey]:
    """The claims of an assertion and the one of `keys` that signed it (RFC 7523 §3).

    Raises AssertionRefused for any other. Its audience is this service's name alone, not the address of
    `/token`: an assertion that was made for another server serves nobody here.
    """
    try:
        payload, key = asserted_bytes(assertion, keys)
        claims = AssertionClaims.model_validate_json(payload)
    except (SignatureRefused, ValidationError):
        raise AssertionRefused from None
    moment = now.timestamp()
    believable = (
        claims.iss == claims.sub
        and claims.aud == audience
        and moment < claims.exp <= moment + ASSERTION_SECONDS
        and claims.iat <= moment + SKEW_SECONDS
        and claims.iat < claims.exp
        and (claims.nbf or claims.iat) <= moment + SKEW_SECONDS
    )
    if not believable:
        raise AssertionRefused
    return claims, key
