"""An authenticator in software, with real signatures: what a person's phone or security key would answer."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkage_engine.contract.permit_parts import Passkey
from linkage_engine.contract.statements import AssertedDecision, Decision
from service.asserted import challenge_of

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
Answer = dict[str, Any]


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey for one host; a test may have it lie about anything."""

    origin: str
    host: str
    credential_id: bytes
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0
    flags: int = PRESENT | VERIFIED

    def client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        ).encode()

    def data(self, more: bytes = b"", flags: int = 0) -> bytes:
        digest = hashlib.sha256(self.host.encode()).digest()
        return digest + bytes([self.flags | flags]) + self.counter.to_bytes(4) + more

    def made(self, options: Answer) -> Answer:
        """The answer to the options for a new passkey (Web Authentication, §6.5, attestation `none`)."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(cose)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self.data(credential, ATTESTED)}
        response = {
            "clientDataJSON": text(self.client_data("webauthn.create", options["challenge"])),
            "attestationObject": text(cbor2.dumps(attestation)),
        }
        return self._answer(response)

    def used(self, options: Answer, **changes: str) -> Answer:
        """The answer to the options for signing in (§6.3.3)."""
        client = self.client_data("webauthn.get", options["challenge"])
        data = self.data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
        }
        return self._answer(response | changes)

    def named(self) -> Passkey:
        """The passkey as a permit names it."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Passkey(
            credential_id=text(self.credential_id),
            public_key=text(public),
            host=self.host,
            origin=self.origin,
        )

    def decides(self, decision: Decision) -> str:
        """The text of a decision that this passkey signed, as the api keeps it."""
        answer = self.used({"challenge": text(challenge_of(decision))})
        return AssertedDecision(
            decision=decision,
            credential_id=answer["rawId"],
            client_data=answer["response"]["clientDataJSON"],
            authenticator_data=answer["response"]["authenticatorData"],
            signature=answer["response"]["signature"],
        ).to_json()

    def _answer(self, response: Answer) -> Answer:
        name = text(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
