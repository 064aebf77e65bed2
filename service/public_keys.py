"""Public keys of clients as JSON Web Keys: what kinds there are, and the one algorithm of each (RFC 7517)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from service.problems.signing_in import ClientKeyRefused

ED25519, ES256, ES384, RS384 = "Ed25519", "ES256", "ES384", "RS384"
REGISTERED: Final = (ED25519, ES384, RS384)
"""Of keys that sign client assertions (SMART Backend Services asks for the last two)."""
PROVING: Final = (ED25519, ES256, ES384, RS384)
"""Of keys that clients make for themselves to bind a token to; none that shares a secret."""
EXPONENT = 65_537
RSA_BITS = (2048, 4096)
"""3072 is better; more than 4096 only makes work."""
PASSED_OVER = frozenset({"kid", "ext"})
SAID = {"use": "sig", "key_ops": ["verify"]}
"""What a file with a key may say of it beside the key."""
_CURVES: Mapping[str, tuple[ec.EllipticCurve, str, int]] = {
    "P-256": (ec.SECP256R1(), ES256, 32),
    "P-384": (ec.SECP384R1(), ES384, 48),
}


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key that was looked at, and the only algorithm that it serves."""

    algorithm: str
    canonical: str
    """The members that make the key, as RFC 7638 §3.3 writes them down."""

    @property
    def jwk(self) -> dict[str, str]:
        """The key as a JWK, and nothing beside it."""
        members: dict[str, str] = json.loads(self.canonical)
        return members

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint, which names the key."""
        return _text(hashlib.sha256(self.canonical.encode()).digest())


def client_key(fields: object, accepted: tuple[str, ...] = REGISTERED) -> ClientKey:
    """The key of a JWK, if it is public, whole and of a kind whose algorithm is accepted.

    Raises ClientKeyRefused: for a private or shared key, a member too many or too few, a number that is
    written in another way than the only one, a point off its curve, another curve, and small RSA keys.
    """
    if not isinstance(fields, dict):
        raise ClientKeyRefused
    try:
        algorithm, names = _looked_at(fields)
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        raise ClientKeyRefused from None
    said = SAID | {"alg": algorithm}
    beside = {name: value for name, value in fields.items() if name not in names | PASSED_OVER}
    if algorithm not in accepted or any(said.get(name) != value for name, value in beside.items()):
        raise ClientKeyRefused
    members = {name: fields[name] for name in sorted(names)}
    return ClientKey(algorithm, json.dumps(members, separators=(",", ":")))


def _looked_at(fields: Mapping[str, object]) -> tuple[str, set[str]]:
    """The algorithm of a key and the names of its members (RFC 7518 §6, RFC 8037 §2); else a ValueError."""
    if fields["kty"] == "RSA":
        modulus, exponent = _number(fields["n"]), _number(fields["e"])
        least, most = RSA_BITS
        if exponent != EXPONENT or modulus % 2 == 0 or not least <= modulus.bit_length() <= most:
            raise ValueError
        rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return RS384, {"kty", "n", "e"}
    if fields["kty"] == "EC":
        curve, algorithm, size = _CURVES[str(fields["crv"])]
        x, y = (int.from_bytes(_octets(fields[name], size)) for name in ("x", "y"))
        ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
        return algorithm, {"kty", "crv", "x", "y"}
    if (fields["kty"], fields["crv"]) != ("OKP", "Ed25519"):
        raise ValueError
    ed25519.Ed25519PublicKey.from_public_bytes(_octets(fields["x"], 32))
    return ED25519, {"kty", "crv", "x"}


def _number(text: object) -> int:
    octets = _octets(text)
    if octets[:1] == b"\0":
        raise ValueError
    return int.from_bytes(octets)


def _octets(text: object, size: int | None = None) -> bytes:
    """Base64url, if this is the only way to write it: else one key would have two thumbprints."""
    if not isinstance(text, str):
        raise TypeError
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(octets) != text or (size is not None and len(octets) != size):
        raise ValueError
    return octets


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
