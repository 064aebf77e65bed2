"""Signatures of others' making: ID tokens of a provider, and our assertion in an algorithm that it knows.

Our own texts are in `service/signed.py`, in Ed25519 alone; a provider signs with what it has.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key

from service.keys import others_can_read
from service.problems.signing_in import ClientKeyRefused
from service.problems.tools import IdentityProviderRefused, SignatureRefused
from service.public_keys import ED25519, ES256, ES384, RS384, ClientKey, client_key

Algorithm = Literal["Ed25519", "EdDSA", "ES256", "ES384", "PS256", "RS256"]
"""Of asymmetric keys alone: with a shared one, or none, anybody could have signed."""
KIND: Mapping[str, str] = {
    "Ed25519": ED25519,
    "EdDSA": ED25519,
    "ES256": ES256,
    "ES384": ES384,
    "PS256": RS384,
    "RS256": RS384,
}
"""The kind of key of each algorithm, as `client_key` tells kinds apart."""
MEMBERS = ("kty", "crv", "n", "e", "x", "y")
HEADER = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
"""What a header may say; nothing that brings a key along, or changes what is signed."""
LIMIT_BYTES = 1 << 14
MOST_KEYS = 64


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key of a provider, by the name that it gives it."""

    kid: str | None
    key: ClientKey


def provider_keys(raw: bytes, algorithm: Algorithm) -> tuple[ProviderKey, ...]:
    """The keys of a JWK set (RFC 7517 §5) that serve for an algorithm; others are passed over.

    Raises SignatureRefused for what is no set.
    """
    try:
        listed = json.loads(raw)["keys"]
        found = [_provider_key(each, algorithm) for each in listed[:MOST_KEYS]]
    except (ValueError, TypeError, KeyError):
        raise SignatureRefused from None
    return tuple(each for each in found if each is not None)


def _provider_key(fields: Any, algorithm: Algorithm) -> ProviderKey | None:  # noqa: ANN401  # JSON
    if not isinstance(fields, dict) or "d" in fields or fields.get("use", "sig") != "sig":
        return None
    if fields.get("alg", algorithm) != algorithm or "verify" not in fields.get("key_ops", ["verify"]):
        return None
    try:
        key = client_key({name: fields[name] for name in MEMBERS if name in fields}, (KIND[algorithm],))
    except ClientKeyRefused:
        return None
    kid = fields.get("kid")
    return ProviderKey(kid if isinstance(kid, str) else None, key)


def key_name(compact: str) -> str | None:
    """The key that a text names, before anything of it is believed; raises SignatureRefused."""
    return _header(compact).get("kid")


def signed_bytes(compact: str, keys: tuple[ProviderKey, ...], algorithm: Algorithm) -> bytes:
    """The bytes that one of a provider's keys signed with this very algorithm.

    The key is the one that the header names; where it names none, the only one there is (OpenID Connect
    Core 1.0 §10.1). Raises SignatureRefused.
    """
    header = _header(compact)
    kid = header.get("kid")
    named = [each for each in keys if kid is None or each.kid == kid]
    if header["alg"] != algorithm or len(named) != 1:
        raise SignatureRefused
    try:
        public: Key = JWKRegistry.import_key(dict(named[0].key.jwk))
        return jws.deserialize_compact(compact, public, algorithms=[algorithm]).payload
    except (JoseError, ValueError, TypeError):
        raise SignatureRefused from None


def _header(compact: str) -> dict[str, Any]:
    if len(compact) > LIMIT_BYTES or not compact.isascii():
        raise SignatureRefused
    try:
        for part in compact.split("."):  # one way to write it (RFC 4648 §3.5)
            meant = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
            if base64.urlsafe_b64encode(meant).rstrip(b"=").decode() != part:
                raise SignatureRefused
        header = dict(jws.extract_compact(compact.encode()).headers())
    except (JoseError, ValueError, TypeError):
        raise SignatureRefused from None
    spoken = all(isinstance(value, str) for value in header.values())
    if not spoken or "alg" not in header or not set(header) <= HEADER:
        raise SignatureRefused
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise SignatureRefused
    return header


class AssertionKey:
    """Our private key of a kind that providers know (P-256, ES256); shows its name and nothing else."""

    def __init__(self, key: ECKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> AssertionKey:
        """A new key from the system's randomness."""
        return cls(ECKey.generate_key("P-256", private=True))

    @classmethod
    def from_file(cls, path: Path) -> AssertionKey:
        """The key of a file that nobody else can read; raises IdentityProviderRefused."""
        try:
            key = ECKey.import_key(json.loads(path.read_bytes()))
            client_key(key.as_dict(private=False), (ES256,))
            signs = key.is_private and not others_can_read(path)
        except (OSError, ValueError, TypeError, KeyError, JoseError, ClientKeyRefused):
            raise IdentityProviderRefused from None
        if not signs:
            raise IdentityProviderRefused
        return cls(key)

    def to_jwk(self) -> str:
        """The private JWK as JSON text: for its file only."""
        return json.dumps(self._key.as_dict(private=True))

    @property
    def public_jwk(self) -> dict[str, Any]:
        """What is registered with the provider."""
        public = self._key.as_dict(private=False)
        return {name: public[name] for name in ("kty", "crv", "x", "y")} | {
            "kid": self._key.thumbprint(),
            "alg": ES256,
            "use": "sig",
        }

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A client assertion (RFC 7523)."""
        header = {"alg": ES256, "typ": "JWT", "kid": self._key.thumbprint()}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._key, algorithms=[ES256])

    def __repr__(self) -> str:
        return "AssertionKey()"

    def __reduce__(self) -> str | tuple[object, ...]:
        """Refuse to be copied into a pickle."""
        msg = "a private key is not serialised"
        raise TypeError(msg)


assert set(KIND) == set(get_args(Algorithm))
