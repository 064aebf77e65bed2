"""Compact JSON Web Signatures (RFC 7515, EdDSA of RFC 8037): the texts that workers believe.

Every text has its own `typ`, so that a signature made for one purpose never serves
another, and names its key by RFC 7638 thumbprint. Only Ed25519 is accepted, whatever
the header says.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, OKPKey
from pydantic import ValidationError

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.value import Value
from service.problems.signing_in import ClientKeyRefused
from service.problems.tools import SignatureRefused
from service.public_keys import PROVING, ClientKey, client_key

ALGORITHMS = ["Ed25519"]
CLIENT_BYTES = 1 << 12
"""The longest assertion or proof of a client."""
JWT = "JWT"
"""How SMART Backend Services calls a client assertion; that a text is one, its claims say."""
LIMIT_BYTES = 1 << 20
V = TypeVar("V", bound=Value)


class TextType(StrEnum):
    """The kinds of signed text, as the JWS header `typ`."""

    PERMIT = "tre-permit+jws"
    GRANT = "tre-grant+jws"
    MANIFEST = "tre-manifest+jws"
    LINKAGE_SECRET = "tre-linkage-secret+jws"  # noqa: S105  # a media type, not a secret
    QUESTION = "tre-question+jws"
    PREFLIGHT = "tre-preflight+jws"
    DECISION = "tre-decision+jws"
    VETO = "tre-veto+jws"
    TIGHTENING = "tre-tightening+jws"
    WITHDRAWAL = "tre-withdrawal+jws"
    DELIVERY_WITHDRAWAL = "tre-delivery-withdrawal+jws"
    DESTRUCTION = "tre-destruction+jws"
    HAND_OVER = "tre-hand-over+jws"
    RELEASE = "tre-release+jws"
    ASSERTION = "client-authentication+jwt"
    PROOF = "dpop+jwt"
    ACCESS_TOKEN = "at+jwt"  # noqa: S105  # a media type (RFC 9068), not a secret


class SigningKey:
    """An Ed25519 private key; shows its thumbprint and nothing else."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.public = PublicKey(x=str(key.as_dict(private=False)["x"]))

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(OKPKey.generate_key("Ed25519", private=True))

    @classmethod
    def from_jwk(cls, text: str) -> SigningKey:
        """The key of a private JWK; raises SignatureRefused for anything else, halves of two keys too."""
        try:
            fields = json.loads(text)
            key = OKPKey.import_key(fields)
            # What the private half gives: joserfc believes the text's own kty and x.
            private = key.get_op_key("sign")
            true = OKPKey.import_key(private).as_dict(private=True)
        except (ValueError, TypeError, KeyError, AttributeError, JoseError):
            raise SignatureRefused from None
        if true["crv"] != "Ed25519" or any(fields.get(name) != true[name] for name in ("kty", "crv", "x")):
            raise SignatureRefused
        return cls(key)

    def to_jwk(self) -> str:
        """The private JWK as JSON text: for the owner's key file only."""
        return json.dumps(self._key.as_dict(private=True))

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint of the public half."""
        return thumbprint(self.public)

    def sign_bytes(self, payload: bytes, typ: TextType) -> str:
        """The compact JWS over exactly these bytes."""
        header = {"alg": ALGORITHMS[0], "typ": typ.value, "kid": self.thumbprint}
        return jws.serialize_compact(header, payload, self._key, algorithms=ALGORITHMS)

    def prove(self, payload: bytes) -> str:
        """The compact JWS over these bytes that carries its own public key (RFC 9449 §4.2)."""
        header = {"alg": ALGORITHMS[0], "typ": TextType.PROOF.value, "jwk": self.public.model_dump()}
        return jws.serialize_compact(header, payload, self._key, algorithms=ALGORITHMS)

    def __repr__(self) -> str:
        return f"SigningKey({self.thumbprint})"

    def __reduce__(self) -> str | tuple[object, ...]:
        """Refuse to be copied into a pickle."""
        msg = "a private key is not serialised"
        raise TypeError(msg)


def thumbprint(key: PublicKey) -> str:
    """The RFC 7638 thumbprint that names a key."""
    return OKPKey.import_key(key.model_dump()).thumbprint()


def canonical(value: Value) -> bytes:
    """The value as RFC 8785 canonical JSON: the bytes that are signed and digested."""
    return rfc8785.dumps(json.loads(value.model_dump_json()))


def sign(value: Value, key: SigningKey, typ: TextType) -> str:
    """The compact JWS over the canonical JSON of a value."""
    return key.sign_bytes(canonical(value), typ)


def verified_bytes(compact: str, keys: tuple[PublicKey, ...], typ: TextType) -> tuple[bytes, PublicKey]:
    """The signed bytes and the key that signed them.

    Raises SignatureRefused unless one of `keys` made the signature for this `typ`.
    """
    if len(compact) > LIMIT_BYTES:
        raise SignatureRefused
    try:
        _check_spelling(compact)
        signed = jws.extract_compact(compact.encode("ascii"))
        header = signed.headers()
        imported = [OKPKey.import_key(key.model_dump()) for key in keys]
        named = {key.thumbprint(): number for number, key in enumerate(imported)}
        number = named.get(str(header.get("kid")))
        if number is None or header.get("typ") != typ.value or set(header) != {"alg", "typ", "kid"}:
            raise SignatureRefused
        checked = jws.deserialize_compact(compact, imported[number], algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError):
        raise SignatureRefused from None
    return checked.payload, keys[number]


def _check_spelling(compact: str) -> None:
    """Refuse a text that says the same in other letters: the last one of a part has bits that nobody reads.

    So that a text that was seen once is not taken for another one (RFC 4648 §3.5).
    """
    for part in compact.split("."):
        meant = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if base64.urlsafe_b64encode(meant).rstrip(b"=").decode() != part:
            raise SignatureRefused


def asserted_bytes(compact: str, keys: Sequence[ClientKey]) -> tuple[bytes, ClientKey]:
    """The signed bytes of a client assertion, and the one of `keys` that signed them (RFC 7523 §3).

    The key decides the algorithm. Raises SignatureRefused where its name or its algorithm is another.
    """
    try:
        header = _client_header(compact)
        [key] = [key for key in keys if key.thumbprint == header.get("kid")]
    except ValueError:
        raise SignatureRefused from None
    if set(header) != {"alg", "typ", "kid"} or header["typ"] not in {TextType.ASSERTION.value, JWT}:
        raise SignatureRefused
    return _signed_by(compact, key), key


def proved_bytes(compact: str) -> tuple[bytes, str]:
    """The signed bytes of a proof, and the thumbprint of the public key that it carries (RFC 9449 §4.3).

    Raises SignatureRefused unless that key made the signature: a proof says nothing of whose key it is.
    """
    header = _client_header(compact)
    if set(header) != {"alg", "typ", "jwk"} or header["typ"] != TextType.PROOF.value:
        raise SignatureRefused
    public = header["jwk"]
    try:
        key = client_key(public, PROVING)
    except ClientKeyRefused:
        raise SignatureRefused from None
    if public != key.jwk:  # a proof says of its key what makes it, and nothing else
        raise SignatureRefused
    return _signed_by(compact, key), key.thumbprint


class _ClientRegistry(jws.JWSRegistry):
    max_header_length = CLIENT_BYTES  # an RSA key in a header is longer than joserfc's own limit


def _client_header(compact: str) -> dict[str, object]:
    if len(compact) > CLIENT_BYTES:
        raise SignatureRefused
    try:
        _check_spelling(compact)
        return dict(jws.extract_compact(compact.encode("ascii"), registry=_ClientRegistry()).headers())
    except (JoseError, ValueError, TypeError):
        raise SignatureRefused from None


@lru_cache(maxsize=1024)  # a client proves the same key with each of its requests
def _imported(key: ClientKey) -> Key:
    return JWKRegistry.import_key(dict(key.jwk))


def _signed_by(compact: str, key: ClientKey) -> bytes:
    try:
        public = _imported(key)
        registry = _ClientRegistry(algorithms=[key.algorithm])
        return jws.deserialize_compact(compact, public, registry=registry).payload
    except (JoseError, ValueError, TypeError):
        raise SignatureRefused from None


def verified(compact: str, keys: tuple[PublicKey, ...], typ: TextType, form: type[V]) -> V:
    """The value that one of `keys` signed; raises SignatureRefused for any other text."""
    payload, _ = verified_bytes(compact, keys, typ)
    try:
        return form.model_validate_json(payload)
    except ValidationError:
        raise SignatureRefused from None
