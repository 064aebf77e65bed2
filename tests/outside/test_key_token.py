"""At-rest keys that SoftHSM opens: what lies on disk is of no use without it, and no fault loses a key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pkcs11
import pytest

from linkage_engine.contract.refusals import RefusalCode, TokenRefused
from linkage_engine.vault.keystore import Keystore
from tests.tokens import LIBRARY, PIN, TOOL, Token, make_token

pytestmark = pytest.mark.outside(tool=TOOL)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    return make_token(tmp_path / "token", monkeypatch)


@contextmanager
def session() -> Iterator[pkcs11.Session]:
    """The token as another program sees it."""
    library = pkcs11.lib(str(LIBRARY))
    try:
        with library.get_token(token_label="tre").open(user_pin=PIN) as opened:
            yield opened
    finally:
        library.finalize()


def refused(act: Callable[[], object]) -> RefusalCode:
    with pytest.raises(TokenRefused) as found:
        act()
    return found.value.code


def test_the_key_of_a_file_opens_by_the_token_and_is_nowhere_on_disk(token: Token, tmp_path: Path) -> None:
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(secrets.token_bytes(size))
        return drawn[-1]

    path = tmp_path / "at-rest.key"
    made = Keystore.create(path, random, token=token.address())
    assert path.stat().st_mode & 0o777 == 0o400
    assert Keystore.from_file(path).fingerprint() == made.fingerprint()
    assert made.fingerprint() == Keystore(drawn[0]).fingerprint()
    kept = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert kept
    assert all(drawn[0] not in text for text in kept)


def test_two_key_files_of_one_key_hold_two_at_rest_keys(token: Token, tmp_path: Path) -> None:
    one, other = (
        Keystore.create(tmp_path / name, secrets.token_bytes, token=token.address()) for name in ("a", "b")
    )
    assert one.fingerprint() != other.fingerprint()
    assert Keystore.from_file(tmp_path / "a").fingerprint() == one.fingerprint()


def test_the_tokens_key_cannot_be_taken_out(token: Token, tmp_path: Path) -> None:
    Keystore.create(tmp_path / "at-rest.key", secrets.token_bytes, token=token.address())
    with session() as opened:
        key = opened.get_key(label="at-rest")
        assert (key.key_type, key.key_length) == (pkcs11.KeyType.AES, 256)
        assert key[pkcs11.Attribute.ALWAYS_SENSITIVE]
        assert key[pkcs11.Attribute.NEVER_EXTRACTABLE]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            assert key[pkcs11.Attribute.VALUE]


def test_after_a_wrong_pin_nobody_tries_again_until_a_person_put_it_right(
    token: Token, tmp_path: Path
) -> None:
    path = tmp_path / "at-rest.key"
    made = Keystore.create(path, secrets.token_bytes, token=token.address())
    token.put_pin("000000")
    assert refused(lambda: Keystore.from_file(path)) is RefusalCode.TOKEN_PIN_REFUSED
    token.put_pin(PIN)
    assert refused(lambda: Keystore.from_file(path)) is RefusalCode.TOKEN_PIN_REFUSED, "it was not tried"
    with session():
        pass  # a person uses it once with another tool
    assert Keystore.from_file(path).fingerprint() == made.fingerprint()


def test_a_key_of_another_label_or_token_opens_nothing(token: Token, tmp_path: Path) -> None:
    path = tmp_path / "at-rest.key"
    Keystore.create(path, secrets.token_bytes, token=token.address())
    Keystore.create(tmp_path / "second", secrets.token_bytes, token=token.address("second"))
    address, sealed = path.read_text().splitlines()
    for text, code in (
        (f"{token.address('second')}\n{sealed}", RefusalCode.TOKEN_KEY_DIFFERS),
        (f"{token.address('gone')}\n{sealed}", RefusalCode.TOKEN_KEY_DIFFERS),
        (f"{address}\n{sealed[:-8]}AAAAAAA=", RefusalCode.TOKEN_KEY_DIFFERS),
        (f"{address}\n", RefusalCode.TOKEN_KEY_DIFFERS),
        (f"{token.address(token='another')}\n{sealed}", RefusalCode.TOKEN_UNUSABLE),
        (f"{token.address(library='/nowhere.so')}\n{sealed}", RefusalCode.TOKEN_UNUSABLE),
        (f"{token.address(pin_file='/nowhere/pin')}\n{sealed}", RefusalCode.TOKEN_UNUSABLE),
    ):
        changed = tmp_path / "changed"
        changed.unlink(missing_ok=True)
        changed.write_text(text)
        changed.chmod(0o400)
        assert refused(partial(Keystore.from_file, changed)) is code
