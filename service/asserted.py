"""Decisions that a passkey signed: its answer to the digest of one, verified with cryptography alone.

The challenge is the SHA-256 of the decision's canonical JSON, so that the answer is about this decision
and no other. Steps are those of Web Authentication, level 3, §7.2; api and gate ask, each with the passkeys
of the permit that it believes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import ValidationError

from linkage_engine.contract.permit_parts import Passkey
from linkage_engine.contract.statements import AssertedDecision, Decision
from service.problems.tools import SignatureRefused
from service.public_keys import RSA_BITS
from service.signed import canonical

LIMIT_BYTES = 1 << 14
USED, PRESENT_AND_VERIFIED, KNOWN_FLAGS = "webauthn.get", 0x01 | 0x04, 0x01 | 0x04 | 0x08 | 0x10
"""Somebody was there and showed PIN or body; a passkey may also say that it is kept in several places."""
DATA = 37
"""Octets: the digest of the host, flags, and the counter; nothing else was asked for (§6.1)."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a passkey: how often it says that it was used, and for which decision."""

    credential_id: str
    counter: int
    decision_sha256: str


def challenge_of(decision: Decision) -> bytes:
    """What a passkey is asked to sign a decision."""
    return hashlib.sha256(canonical(decision)).digest()


def is_asserted(text: str) -> bool:
    """Whether a decision's text is a passkey's answer, and not a compact JWS."""
    return text.startswith("{")


def read_asserted(text: str) -> AssertedDecision:
    """The answer of a text, believed in nothing yet; raises SignatureRefused."""
    if len(text) > LIMIT_BYTES:
        raise SignatureRefused
    try:
        return AssertedDecision.model_validate_json(text)
    except ValidationError:
        raise SignatureRefused from None


def verified_assertion(asserted: AssertedDecision, passkeys: Sequence[Passkey]) -> Use:
    """The use of one of these passkeys for exactly this decision; raises SignatureRefused."""
    known = [each for each in passkeys if each.credential_id == asserted.credential_id]
    if len(known) != 1:
        raise SignatureRefused
    passkey, challenge = known[0], challenge_of(asserted.decision)
    client, data = _octets(asserted.client_data), _octets(asserted.authenticator_data)
    if not _asked_here(client, challenge, passkey) or not _by_its_owner(data, passkey):
        raise SignatureRefused
    _check_signature(
        _octets(passkey.public_key), _octets(asserted.signature), data + hashlib.sha256(client).digest()
    )
    return Use(passkey.credential_id, int.from_bytes(data[33:]), challenge.hex())


def _asked_here(client: bytes, challenge: bytes, passkey: Passkey) -> bool:
    """Whether the browser was asked this, on our own page and in no other's frame (steps 10 to 14)."""
    try:
        said: dict[str, Any] = json.loads(client)
        asked = said["type"], said["challenge"], said["origin"]
        within = said.get("crossOrigin", False), said.get("topOrigin")
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return asked == (USED, _text(challenge), passkey.origin) and within == (False, None)


def _by_its_owner(data: bytes, passkey: Passkey) -> bool:
    """Whether the authenticator was asked for this host, by somebody who showed PIN or body (15 to 18)."""
    if len(data) != DATA or data[:32] != hashlib.sha256(passkey.host.encode()).digest():
        return False
    return data[32] & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED and data[32] | KNOWN_FLAGS == KNOWN_FLAGS


def _check_signature(public_key: bytes, signature: bytes, signed: bytes) -> None:
    """The kind of key decides the algorithm: ES256, EdDSA or RS256 (step 20)."""
    try:
        key = load_der_public_key(public_key)
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            key.verify(signature, signed, ec.ECDSA(SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, rsa.RSAPublicKey) and RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        else:
            raise SignatureRefused
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise SignatureRefused from None


def _octets(text: str) -> bytes:
    """Base64url, if this is the only way to write it: a text that was seen is not taken for another one."""
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise SignatureRefused from None
    if _text(octets) != text:
        raise SignatureRefused
    return octets


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
