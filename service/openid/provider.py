"""One identity provider: where people are sent, and who it says has come back (code flow with PKCE, S256)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.clock import Clock, Randomness
from service.keys import others_can_read
from service.openid.document import Document, address_of_document, read_document
from service.openid.id_token import AnswerRefused, Expected, Fault, person_at_provider
from service.openid.outbound import Outbound, outbound
from service.openid.registration import Registration, read_registration
from service.openid.signatures import AssertionKey, ProviderKey, key_name, provider_keys
from service.problems.signing_in import OrganisationUnreachable
from service.problems.tools import IdentityProviderRefused, SignatureRefused

KEPT = timedelta(hours=1)
"""How long what was fetched is believed."""
AGAIN = timedelta(minutes=1)
"""How often at most keys are fetched because a token names one that is not known."""
PAUSE = timedelta(seconds=10)
"""How long a provider that could not be reached is left alone: nobody waits for it one after another."""
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in on its way: what only the browser, the provider and we may know of it."""

    redirect_uri: str
    state: str
    nonce: str
    verifier: str


class _Tokens(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id_token: str = Field(max_length=1 << 14)
    access_token: str | None = Field(default=None, max_length=1 << 14)


Credential = AssertionKey | str
"""What we show the provider: a signature of our key, or the secret that it shares with us."""


@dataclass(slots=True)
class IdentityProvider:
    """The provider of one registration; what it says of itself is remembered for an hour."""

    registration: Registration
    credential: Credential = field(repr=False)
    outside: Outbound
    random: Randomness
    _document: tuple[Document, datetime] | None = None
    _keys: tuple[tuple[ProviderKey, ...], datetime] | None = None
    _left_alone_until: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def address_for(self, attempt: Attempt) -> str:
        """Where a browser goes to sign in; raises OrganisationUnreachable."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(self.registration.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if self.registration.acr:
            asked["acr_values"] = " ".join(self.registration.acr)
        address = self.document().authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def check_answer(self, issuer: str | None, code: str) -> None:
        """Raise AnswerRefused where an answer is another provider's, does not say whose, or has no code.

        RFC 9207 §2.4; RFC 6749 §4.1.2.1.
        """
        silent = issuer is None and not self.document().authorization_response_iss_parameter_supported
        if not silent and issuer != self.registration.issuer:
            raise AnswerRefused(Fault.ISSUER)
        if not code:
            raise AnswerRefused(Fault.CODE)

    def person(self, code: str, attempt: Attempt) -> str:
        """The name by which we know who signed in there.

        Raises AnswerRefused, and OrganisationUnreachable where the provider cannot be asked.
        """
        tokens = self._redeemed(code, attempt)
        now = self.outside.clock()
        expected = Expected(
            self.registration, self._keys_for(tokens.id_token), attempt.nonce, tokens.access_token, now
        )
        return person_at_provider(tokens.id_token, expected)

    def document(self) -> Document:
        """The provider's metadata: from a file of the site's, or else its own."""
        with self._lock:
            now = self.outside.clock()
            if self._document is None or now >= self._document[1] + KEPT:
                raw = self._said(self.registration.document, lambda: address_of_document(self.registration))
                self._document = read_document(raw, self.registration), now
            return self._document[0]

    def _keys_for(self, id_token: str) -> tuple[ProviderKey, ...]:
        """The provider's keys; fetched anew where the token names one that is not among them."""
        try:
            kid = key_name(id_token)
        except SignatureRefused:
            raise AnswerRefused(Fault.SIGNATURE) from None
        document = self.document()
        with self._lock:
            now = self.outside.clock()
            keys, since = self._keys or ((), now - KEPT)
            unknown = kid not in {None, *(each.kid for each in keys)}
            if now >= since + (AGAIN if unknown else KEPT):
                raw = self._said(self.registration.keys, lambda: document.jwks_uri)
                try:
                    keys = provider_keys(raw, self.registration.algorithm)
                except SignatureRefused:
                    raise OrganisationUnreachable from None
                self._keys = keys, now
            return keys

    def _said(self, path: Path | None, address: Callable[[], str]) -> bytes:
        if path is None:
            return self._fetched(address())
        try:
            return path.read_bytes()
        except OSError:
            raise OrganisationUnreachable from None

    def _fetched(self, address: str) -> bytes:
        """What is there, unless it could not be had a moment ago; raises OrganisationUnreachable."""
        if self._left_alone_until is not None and self.outside.clock() < self._left_alone_until:
            raise OrganisationUnreachable
        try:
            return self.outside.get(address)
        except OrganisationUnreachable:
            self._left_alone_until = self.outside.clock() + PAUSE
            raise

    def _redeemed(self, code: str, attempt: Attempt) -> _Tokens:
        address = self.document().token_endpoint
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        shared: tuple[str, str] | None = None
        if isinstance(self.credential, AssertionKey):
            form |= self._assertion(self.credential, address)
        else:
            shared = self.registration.client_id, self.credential
        status, body = self.outside.post(address, form, shared)
        if status != httpx.codes.OK:
            raise AnswerRefused(Fault.CODE)
        try:
            return _Tokens.model_validate_json(body)
        except ValidationError:
            raise AnswerRefused(Fault.CLAIMS) from None

    def _assertion(self, key: AssertionKey, address: str) -> dict[str, str]:
        """Who asks, signed with our key for this request (RFC 7523 §2.2)."""
        own, now = self.registration.client_id, int(self.outside.clock().timestamp())
        claims = {
            "iss": own,
            "sub": own,
            "aud": address if self.registration.audience == "token_endpoint" else self.registration.issuer,
            "jti": self.random(16).hex(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        return {
            "client_id": own,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": key.sign(claims),
        }


def identity_provider(
    path: Path, *, clock: Clock, random: Randomness, transport: httpx.BaseTransport | None = None
) -> IdentityProvider:
    """The provider that a file registers; nothing is asked of it yet. Raises IdentityProviderRefused."""
    registration = read_registration(path)
    credential = credential_of(registration)
    return IdentityProvider(registration, credential, outbound(registration, clock, transport), random)


def credential_of(registration: Registration) -> Credential:
    """What we show the provider, of a file that nobody else can read; raises IdentityProviderRefused."""
    path = registration.credential
    if registration.authentication == "private_key_jwt":
        return AssertionKey.from_file(path)
    try:
        secret = path.read_text("ascii").strip()
        if not secret or others_can_read(path):
            raise IdentityProviderRefused
    except (OSError, ValueError):
        raise IdentityProviderRefused from None
    return secret
