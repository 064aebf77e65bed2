"""A PKCS#11 token that seals and opens small texts under a key of its own (PKCS#11 2.40, CKM_AES_GCM)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag
from pkcs11.exceptions import NoSuchKey, PinIncorrect, PinLocked, PKCS11Error

from linkage_engine.contract.refusals import RefusalCode, TokenRefused
from linkage_engine.vault.token_key import TokenKey

_PURPOSE: Final = b"tre-linkage at-rest key under a token v1"
_TAG_BITS, _KEY_BITS = 128, 256


def encrypted(place: TokenKey, plain: bytes, nonce: bytes) -> bytes:
    """A text sealed by the token's key, which is made if there is none of that label.

    What is made is AES-256, sensitive and never extractable. Raises `TokenRefused`: TOKEN_PIN_REFUSED,
    TOKEN_UNUSABLE.
    """
    with _session(place, writing=True) as session:
        try:
            key = _key(session, place)
        except NoSuchKey:
            key = session.generate_key(
                KeyType.AES,
                _KEY_BITS,
                label=place.label,
                store=True,
                template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )
        return bytes(key.encrypt(plain, **_how(nonce)))


def decrypted(place: TokenKey, sealed: bytes, nonce: bytes) -> bytes:
    """The text that the token's key sealed.

    Raises `TokenRefused`: TOKEN_PIN_REFUSED, TOKEN_UNUSABLE, TOKEN_KEY_DIFFERS where the key did not seal it.
    """
    with _session(place, writing=False) as session:
        try:
            return bytes(_key(session, place).decrypt(sealed, **_how(nonce)))
        except PKCS11Error:
            # Tokens say no more of a text that is not theirs than that it failed.
            raise TokenRefused(RefusalCode.TOKEN_KEY_DIFFERS) from None


def _key(session: Any, place: TokenKey) -> Any:  # noqa: ANN401  # the library's types leave keys open
    return session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=place.label)


def _how(nonce: bytes) -> dict[str, Any]:
    return {
        "mechanism": Mechanism.AES_GCM,
        "mechanism_param": pkcs11.GCMParams(nonce, _PURPOSE, _TAG_BITS),
    }


@contextmanager
def _session(place: TokenKey, *, writing: bool) -> Iterator[Any]:
    """A session of the token's user, and the library as it was before it.

    After a wrong PIN nobody but a person tries another one: tokens lock themselves after a few, and a worker
    that ends is started again.
    """
    try:
        pin = place.pin_file.read_text("ascii").strip()
        library = pkcs11.lib(str(place.library))
        try:
            token = library.get_token(token_label=place.token)
            if token.flags & (TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_LOCKED):
                raise TokenRefused(RefusalCode.TOKEN_PIN_REFUSED)
            with token.open(rw=writing, user_pin=pin) as session:
                yield session
        finally:
            library.finalize()
    except (PinIncorrect, PinLocked):
        raise TokenRefused(RefusalCode.TOKEN_PIN_REFUSED) from None
    except (OSError, UnicodeDecodeError, PKCS11Error):
        raise TokenRefused(RefusalCode.TOKEN_UNUSABLE) from None
