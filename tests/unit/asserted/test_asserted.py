"""A passkey's answer to a decision: believed if every part of it is right, by whichever kind of key."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage_engine.contract.permit_parts import Passkey
from linkage_engine.contract.statements import AssertedDecision
from service.asserted import challenge_of, is_asserted, read_asserted, verified_assertion
from service.problems.tools import SignatureRefused
from tests.factories import a_decision

HOST, ORIGIN = "tre.example", "https://tre.example"
DECISION = a_decision("cheng", "ab" * 16, "e" * 64)
P256 = ec.generate_private_key(ec.SECP256R1())
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def a_passkey(key: Key = P256, **changes: Any) -> Passkey:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Passkey(
        **{"credential_id": "Y3JlZA", "public_key": text(public), "host": HOST, "origin": ORIGIN, **changes}
    )


def signature_of(key: Key, signed: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(signed, ec.ECDSA(SHA384() if isinstance(key.curve, ec.SECP384R1) else SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), SHA256())
    return key.sign(signed)


def an_answer(
    key: Key = P256, *, data: bytes | None = None, client: bytes | None = None, **said: Any
) -> AssertedDecision:
    """What an authenticator answers, or what it is made to."""
    fields = {"type": "webauthn.get", "challenge": text(challenge_of(DECISION)), "origin": ORIGIN, **said}
    client = client if client is not None else json.dumps(fields).encode()
    data = data if data is not None else authenticator_data()
    return AssertedDecision(
        decision=DECISION,
        credential_id="Y3JlZA",
        client_data=text(client),
        authenticator_data=text(data),
        signature=text(signature_of(key, data + hashlib.sha256(client).digest())),
    )


def authenticator_data(host: str = HOST, flags: int = 0x05, counter: int = 7, more: bytes = b"") -> bytes:
    return hashlib.sha256(host.encode()).digest() + bytes([flags]) + counter.to_bytes(4) + more


KEYS: dict[str, Key] = {
    "ES256": P256,
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_passkey_of_each_kind_signs_this_decision(kind: str) -> None:
    use = verified_assertion(an_answer(KEYS[kind]), [a_passkey(KEYS[kind])])
    assert (use.counter, use.decision_sha256) == (7, challenge_of(DECISION).hex())
    for other in KEYS.values():
        if other is not KEYS[kind]:
            with pytest.raises(SignatureRefused):
                verified_assertion(an_answer(other), [a_passkey(KEYS[kind])])


@pytest.mark.parametrize("flags", [0x05, 0x0D, 0x1D])
def test_a_passkey_that_is_kept_in_several_places_serves(flags: int) -> None:
    assert verified_assertion(an_answer(data=authenticator_data(flags=flags)), [a_passkey()]).counter == 7


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(type="webauthn.create"),
        an_answer(challenge=text(b"another")),
        an_answer(challenge=text(challenge_of(DECISION)) + "="),
        an_answer(origin="https://evil.example"),
        an_answer(origin=f"{ORIGIN}/"),
        an_answer(crossOrigin=True),
        an_answer(topOrigin="https://evil.example"),
        an_answer(client=b"[]"),
        an_answer(client=b"{}"),
        an_answer(client=b"no json"),
        an_answer(client=b"\xff\xfe"),
        an_answer(data=authenticator_data("evil.example")),
        an_answer(data=authenticator_data(flags=0x01)),
        an_answer(data=authenticator_data(flags=0x04)),
        an_answer(data=authenticator_data(flags=0x45)),
        an_answer(data=authenticator_data(flags=0x85)),
        an_answer(data=authenticator_data(flags=0x07)),
        an_answer(data=authenticator_data(more=b"x")),
        an_answer(data=authenticator_data()[:-1]),
        an_answer().model_copy(update={"credential_id": "b3RoZXI"}),
        an_answer().model_copy(update={"signature": "AAAA"}),
        an_answer().model_copy(update={"signature": "A"}),
        an_answer().model_copy(update={"client_data": "AB"}),
        an_answer().model_copy(update={"decision": a_decision("carol", "ab" * 16, "e" * 64)}),
    ],
)
def test_each_part_that_is_wrong_is_refused(answer: AssertedDecision) -> None:
    with pytest.raises(SignatureRefused):
        verified_assertion(answer, [a_passkey()])


def test_keys_that_are_no_passkeys_of_ours_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 1024)):
        with pytest.raises(SignatureRefused):
            verified_assertion(an_answer(key), [a_passkey(key)])
    for passkeys in ([], [a_passkey(), a_passkey()], [a_passkey(public_key="AAAA")]):
        with pytest.raises(SignatureRefused):
            verified_assertion(an_answer(), passkeys)


def test_a_text_is_read_as_what_it_is() -> None:
    answer = an_answer()
    assert is_asserted(answer.to_json())
    assert not is_asserted("eyJ.a.b")
    assert read_asserted(answer.to_json()) == answer
    for wrong in ("{", "{}", "{" + " " * (1 << 14)):
        with pytest.raises(SignatureRefused):
            read_asserted(wrong)


def test_none_of_many_changed_answers_is_believed() -> None:
    """One bit of what was signed, or of the signature, is another."""
    answer, passkey = an_answer(), a_passkey()
    parts = {
        name: base64.urlsafe_b64decode(getattr(answer, name) + "==")
        for name in ("client_data", "authenticator_data", "signature")
    }
    accepted: list[str] = []

    @settings(max_examples=1000, deadline=None, database=None)
    @given(name=st.sampled_from(sorted(parts)), place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def refused(name: str, place: int, bit: int) -> None:
        octets = bytearray(parts[name])
        octets[place % len(octets)] ^= 1 << bit
        try:
            verified_assertion(answer.model_copy(update={name: text(bytes(octets))}), [passkey])
        except SignatureRefused:
            return
        accepted.append(name)

    refused()
    assert accepted == []
