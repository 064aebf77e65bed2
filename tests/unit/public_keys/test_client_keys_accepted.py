"""Keys of clients: the whole public key of a known kind, written in the only way, and nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.problems.signing_in import ClientKeyRefused
from service.public_keys import ES256, PROVING, client_key

RFC_7638 = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
    "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8K"
    "JZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBni"
    "Iqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}


def public(key: ECKey | OKPKey | RSAKey) -> dict[str, Any]:
    said = key.as_dict(private=False)
    return {name: said[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in said}


EC384, EC256, ED = (
    public(ECKey.generate_key("P-384")),
    public(ECKey.generate_key("P-256")),
    public(OKPKey.generate_key("Ed25519")),
)
RSA2048 = public(RSAKey.generate_key(2048))


def octets(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("jwk", "algorithm"), [(EC384, "ES384"), (ED, "Ed25519"), (RSA2048, "RS384"), (RFC_7638, "RS384")]
)
def test_a_key_has_the_algorithm_of_its_kind_and_no_other(jwk: dict[str, Any], algorithm: str) -> None:
    key = client_key(jwk)
    assert (key.algorithm, key.jwk) == (algorithm, jwk)
    assert client_key(jwk | {"alg": algorithm, "use": "sig", "kid": "mine", "key_ops": ["verify"]}) == key


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    assert client_key(RFC_7638).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_thumbprint_of_an_ed25519_key_is_that_of_rfc_8037() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert client_key(jwk).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_key_of_p_256_binds_tokens_and_signs_nobody_in() -> None:
    assert client_key(EC256, PROVING).algorithm == ES256
    with pytest.raises(ClientKeyRefused):
        client_key(EC256)


def hostile() -> dict[str, object]:
    """After the families of Wycheproof's JWK and JWS tests."""
    small = rsa.generate_private_key(65_537, 1024).public_key().public_numbers()
    big = int.from_bytes(b"\xff" * 513)
    return {
        "no key": None,
        "a list": [EC384],
        "a text": json.dumps(EC384),
        "nothing": {},
        "a shared key": {"kty": "oct", "k": "AAAA"},
        "a private key": EC384 | {"d": "AAAA"},
        "a private RSA key": RSA2048 | {"d": "AAAA"},
        "no kind": {name: value for name, value in EC384.items() if name != "kty"},
        "no y": {name: value for name, value in EC384.items() if name != "y"},
        "no x": {name: value for name, value in ED.items() if name != "x"},
        "no exponent": {"kty": "RSA", "n": RSA2048["n"]},
        "another algorithm": EC384 | {"alg": "ES256"},
        "HS256": RSA2048 | {"alg": "HS256"},
        "none": ED | {"alg": "none"},
        "for encryption": EC384 | {"use": "enc"},
        "to sign with": EC384 | {"key_ops": ["sign"]},
        "more than a key": EC384 | {"x5u": "https://keys.example/"},
        "more of another kind": ED | {"n": "AQAB"},
        "another curve's name": EC256 | {"crv": "P-384"},
        "a curve that nobody asked for": public(ECKey.generate_key("P-521")),
        "secp256k1": public(ECKey.generate_key("secp256k1")),
        "Ed448": public(OKPKey.generate_key("Ed448")),
        "X25519": public(OKPKey.generate_key("X25519")),
        "a point off the curve": EC384 | {"y": EC384["x"]},
        "the point at infinity": EC384 | {"x": "A" * 64, "y": "A" * 64},
        "a short number": EC384 | {"x": EC384["x"][:-4]},
        "a long number": EC384 | {"x": "AAAA" + EC384["x"]},
        "padding": EC384 | {"x": EC384["x"] + "="},
        "the other alphabet": EC384 | {"x": "+/" + EC384["x"][2:]},
        "white space": EC384 | {"x": " " + EC384["x"]},
        "a number that is none": EC384 | {"x": 5},
        "bits that nobody reads": ED | {"x": ED["x"][:-1] + chr(ord(ED["x"][-1]) + 1)},
        "Ed25519 as EC": EC384 | {"crv": "Ed25519"},
        "a small RSA key": {"kty": "RSA", "n": octets(small.n), "e": "AQAB"},
        "a huge RSA key": {"kty": "RSA", "n": octets(big), "e": "AQAB"},
        "an exponent of three": RSA2048 | {"e": "Aw"},
        "an exponent of one": RSA2048 | {"e": "AQ"},
        "an even modulus": RSA2048 | {"n": octets((1 << 2048) - 2)},
        "a modulus with a nought before": RSA2048
        | {
            "n": base64.urlsafe_b64encode(b"\0" + base64.urlsafe_b64decode(RSA2048["n"] + "=="))
            .decode()
            .rstrip("=")
        },
    }


@pytest.mark.parametrize("fault", hostile())
def test_whatever_else_is_refused(fault: str) -> None:
    with pytest.raises(ClientKeyRefused):
        client_key(hostile()[fault], PROVING)
