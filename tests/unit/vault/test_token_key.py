"""Where a token's key lies, and what is no such place; the token itself is asked in tests/outside."""

from __future__ import annotations

import builtins
import secrets
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.refusals import RefusalCode, TokenRefused
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.sealed_key_file import opened_by_token, sealed_by_token
from linkage_engine.vault.token_key import TokenKey

GOOD = "pkcs11:token=tre%20analysis;object=at-rest?module-path=/usr/lib/token.so&pin-source=file:/keys/pin"


def test_an_address_names_the_token_the_key_the_library_and_the_file_of_the_pin() -> None:
    place = TokenKey.parse(GOOD)
    assert (place.token, place.label) == ("tre analysis", "at-rest")
    assert (place.library, place.pin_file) == (Path("/usr/lib/token.so"), Path("/keys/pin"))
    assert TokenKey.parse(GOOD.replace("object", "type=secret-key;object")).label == "at-rest"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        GOOD.removeprefix("pkcs11:"),
        GOOD.replace("token=tre%20analysis;", ""),
        GOOD.replace("tre%20analysis", ""),
        GOOD.replace("object=at-rest", "object=at-rest;object=another"),
        GOOD.replace("object=at-rest", "object=at-rest;type=private"),
        GOOD.replace("object=at-rest", "object=at-rest;slot-id=1"),
        GOOD + "&pin-value=1234",
        GOOD.replace("/usr/lib/", ""),
        GOOD.replace("file:/keys/pin", "keys/pin"),
        GOOD.replace("token.so", "tok\nen.so"),
        GOOD.replace("token.so", "tökén.so"),
    ],
)
def test_what_is_no_such_address_is_refused_before_anything_is_asked(bad: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        sealed_by_token(bad, bytes(32), secrets.token_bytes)
    assert refused.value.code is RefusalCode.TOKEN_ADDRESS_INVALID
    assert str(refused.value) == "token-address-invalid"


def test_without_the_library_it_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any, **named: Any) -> Any:
        if name == "pkcs11" or "pkcs11_token" in (others[2] or ()):
            raise ImportError(name)
        return real(name, *others, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TokenRefused) as refused:
        Keystore.create(tmp_path / "at-rest.key", secrets.token_bytes, token=GOOD)
    assert refused.value.code is RefusalCode.TOKEN_ABSENT
    assert list(tmp_path.iterdir()) == [], "no key file that nothing opens"
    with pytest.raises(TokenRefused) as refused:
        opened_by_token(f"{GOOD}\nAAAA\n".encode())
    assert refused.value.code is RefusalCode.TOKEN_ABSENT


@pytest.mark.parametrize(
    "text", [GOOD.encode(), f"{GOOD}\n!\n".encode(), f"{GOOD}\nAAAA\nAAAA\n".encode(), b"pkcs11:\xff\nAA"]
)
def test_a_key_file_that_is_not_whole_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "at-rest.key"
    path.write_bytes(text)
    path.chmod(0o400)
    with pytest.raises(TokenRefused) as refused:
        Keystore.from_file(path)
    assert refused.value.code is RefusalCode.TOKEN_KEY_DIFFERS
