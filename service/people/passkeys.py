"""Passkeys (Web Authentication, level 3): what a browser is asked, and when its answer is believed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
NAME = "TRE linkage"
MILLISECONDS = 120_000
LIMIT = 1 << 14
NO_ANSWER = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""What the library says to bytes that are no answer of an authenticator."""


class AnswerRefused(Exception):
    """The answer of the authenticator is not believed; why is not said."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential that an authenticator has just made."""

    identifier: str
    public_key: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys serve: the host that they are made for and the origin of its pages."""

    host: str
    origin: str


def text(octets: bytes) -> str:
    """Base64url, as browsers write octets."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(written: str) -> bytes:
    """What base64url says; raises AnswerRefused."""
    try:
        return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
    except ValueError:
        raise AnswerRefused from None


def to_make(challenge: bytes, *, host: str, user: bytes, name: str, shown: str) -> dict[str, Any]:
    """What a browser is asked to make a passkey: kept by the authenticator, and used with PIN or body."""
    return {
        "challenge": text(challenge),
        "rp": {"id": host, "name": NAME},
        "user": {"id": text(user), "name": name, "displayName": shown},
        "pubKeyCredParams": [{"type": "public-key", "alg": int(each)} for each in ALGORITHMS],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        "attestation": "none",
        "timeout": MILLISECONDS,
    }


def to_use(challenge: bytes, *, host: str) -> dict[str, Any]:
    """What a browser is asked to use any passkey that it has for this host."""
    return {
        "challenge": text(challenge),
        "rpId": host,
        "userVerification": "required",
        "timeout": MILLISECONDS,
    }


def public_key_of(cose: bytes) -> str:
    """A passkey's public key as permits name it: SubjectPublicKeyInfo, in base64url."""
    key = decoded_public_key_to_cryptography(decode_credential_public_key(cose))
    return text(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def challenge_in(answer: dict[str, Any]) -> bytes:
    """The challenge that an answer says it is to, before anything of it is believed."""
    try:
        said = json.loads(octets(answer["response"]["clientDataJSON"]))
        return octets(said["challenge"])
    except (ValueError, TypeError, KeyError):
        raise AnswerRefused from None


def made(answer: dict[str, Any], challenge: bytes, place: Place) -> Passkey:
    """The passkey of an answer to `to_make`, with the person's PIN or body seen; raises AnswerRefused."""
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except NO_ANSWER:
        raise AnswerRefused from None
    return Passkey(text(verified.credential_id), verified.credential_public_key, verified.sign_count)


def used(answer: dict[str, Any], challenge: bytes, place: Place, passkey: Passkey) -> int:
    """What the passkey's counter says now; raises AnswerRefused, also where it went back (§6.1.1)."""
    try:
        if octets(answer["rawId"]) != octets(passkey.identifier):
            raise AnswerRefused
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.counter,
            require_user_verification=True,
        )
    except NO_ANSWER:
        raise AnswerRefused from None
    return verified.new_sign_count
