"""Google's Wycheproof vectors for JWS and JWK: none of their algorithms or keys gets past ours.

They have no vector for Ed25519; so each is a case of algorithm confusion: texts that are valid
under other algorithms, or broken in known ways, which we refuse alike and without breaking.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from service.problems.tools import SignatureRefused
from service.signed import SigningKey, TextType, sign, verified_bytes
from tests.unit.signed.test_signed import KEY, TYPE, WORDS, base64url

pytestmark = pytest.mark.outside(tool="data")


def groups(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "wycheproof" / f"{name}.json").read_text())[
        "testGroups"
    ]
    assert found
    return found


def texts(folder: Path) -> list[str]:
    """Every compact text of the JWS vectors."""
    tests = [
        test
        for name in ("json_web_signature_test", "json_web_crypto_test")
        for group in groups(folder, name)
        for test in group["tests"]
    ]
    return [str(test.get("jws") or test.get("jwe") or "") for test in tests]


def refused(text: str, typ: TextType = TYPE) -> bool:
    try:
        verified_bytes(text, (KEY.public,), typ)
    except SignatureRefused:
        return True
    return False


def test_no_text_of_another_algorithm_is_accepted(outside_data: Path) -> None:
    found = texts(outside_data)
    assert len(found) == 401 + 83
    assert all(refused(text, typ) for text in found for typ in (TextType.PERMIT, TextType.ACCESS_TOKEN))


def algorithms(folder: Path) -> set[str]:
    """Every `alg` that a header of the vectors names, and what our keys might be taken for."""
    named = {"none", "HS256", "HS384", "HS512", "EdDSA", "Ed448", "ed25519"}
    for text in texts(folder):
        try:
            header = text.split(".")[0]
            named.add(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"])
        except (ValueError, KeyError, TypeError):
            continue
    return named


def test_none_of_their_algorithms_is_taken_under_our_key(outside_data: Path) -> None:
    """Our payload, kid and type, their `alg`; signed by us, by nobody, or with our public key as a secret."""
    payload, signature = sign(WORDS, KEY, TYPE).split(".")[1:]
    public = base64.urlsafe_b64decode(KEY.public.x + "=")
    named = algorithms(outside_data)
    assert {"none", "HS256", "ES256", "RS256", "PS256"} <= named
    for name in named:
        header = base64url(json.dumps({"alg": name, "typ": TYPE.value, "kid": KEY.thumbprint}).encode())
        signed = f"{header}.{payload}"
        mac = base64url(hmac.digest(public, signed.encode(), hashlib.sha256))
        for made in (signature, "", mac):
            assert refused(f"{signed}.{made}"), name


def test_none_of_their_keys_is_one_of_ours(outside_data: Path) -> None:
    for name in ("json_web_key_test", "json_web_signature_test"):
        for group in groups(outside_data, name):
            for half in ("private", "public"):
                with pytest.raises(SignatureRefused):
                    SigningKey.from_jwk(json.dumps(group.get(half)))
