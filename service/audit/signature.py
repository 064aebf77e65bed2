"""The release signature, checked by hand: compact JWS with Ed25519, so that auditors need no JOSE library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.audit.archive import NotVerified
from service.audit.canonical import canonical

ALGORITHM = "Ed25519"
"""The fully specified name (RFC 9864); the ambiguous EdDSA is not accepted."""
RELEASE_TYPE = "tre-release+jws"
DESTRUCTION_TYPE = "tre-destruction+jws"
WHOSE = {RELEASE_TYPE: "a release key", DESTRUCTION_TYPE: "a worker's key"}
"""Who signs texts of a type."""

Keys = Mapping[str, Ed25519PublicKey]
"""Public keys by RFC 7638 thumbprint."""


def keys_of(jwks: object) -> Keys:
    """The keys of a list of JSON Web Keys (RFC 8037); raises NotVerified for anything else."""
    if not isinstance(jwks, list):
        raise NotVerified("the release keys: not a list of keys")
    return dict(map(_key, jwks))


def verified_payload(compact: str, keys: Keys, typ: str) -> bytes:
    """The bytes that one of the keys signed for this purpose (RFC 7515 §5.2).

    Raises NotVerified otherwise. The header decides nothing: it must be exactly the
    algorithm, the type and one of the given keys.
    """
    parts = compact.split(".")
    if len(parts) != 3:  # noqa: PLR2004  # header, payload, signature
        raise NotVerified("the signature is no compact JWS")
    header_text, payload, signature = map(_decode, parts)
    header = _json(header_text)
    if not isinstance(header, dict) or header.keys() != {"alg", "typ", "kid"}:
        raise NotVerified("the signature's header is not alg, typ and kid")
    if header["alg"] != ALGORITHM or header["typ"] != typ:
        raise NotVerified("the signature was made for another purpose or with another algorithm")
    key = keys.get(str(header["kid"]))
    if key is None:
        raise NotVerified(f"the signature is by a key that is not {WHOSE[typ]}")
    try:
        key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise NotVerified("the signature does not verify") from None
    return payload


def _key(jwk: object) -> tuple[str, Ed25519PublicKey]:
    match jwk:
        # Exactly these fields: a key with `d` is a private one.
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x), **rest} if not rest:
            thumbprint = hashlib.sha256(canonical(jwk)).digest()
        case _:
            raise NotVerified("the release keys: not the public half of an Ed25519 key")
    try:
        return _encode(thumbprint), Ed25519PublicKey.from_public_bytes(_decode(x))
    except ValueError:
        raise NotVerified("the release keys: not an Ed25519 key") from None


def _json(text: bytes) -> object:
    """JSON in whatever spelling its signer chose: the signature covers it."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise NotVerified("the signature's header is not JSON") from None
    return value


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Base64url without padding, in its one spelling (RFC 7515 §2)."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotVerified("not base64url") from None
    if _encode(data) != text:
        raise NotVerified("base64url, but not in its one spelling")
    return data
