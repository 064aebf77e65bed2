"""An at-rest key that only a PKCS#11 token opens: on disk it lies sealed under a key that stays in the token.

The key file then has two lines: the address of the token's key (RFC 7512), and the at-rest key as it sealed
it (AES-256-GCM: 12 random bytes, then the sealed key, in base64). The token is asked when a worker starts,
before it closes itself in, and not again.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from linkage_engine.contract.refusals import RefusalCode, TokenRefused
from linkage_engine.vault.token_key import TokenKey

NONCE_BYTES: Final = 12


def sealed_by_token(address: str, at_rest_key: bytes, random: Callable[[int], bytes]) -> bytes:
    """The text of a key file that this token alone opens; the token makes its key if it has none so called.

    Raises `TokenRefused`: TOKEN_ADDRESS_INVALID, TOKEN_ABSENT without the extra `token`, TOKEN_PIN_REFUSED,
    TOKEN_UNUSABLE.
    """
    place, nonce = TokenKey.parse(address), random(NONCE_BYTES)
    try:
        from linkage_engine.vault import pkcs11_token  # noqa: PLC0415  # an extra
    except ImportError:
        raise TokenRefused(RefusalCode.TOKEN_ABSENT) from None
    sealed = pkcs11_token.encrypted(place, at_rest_key, nonce)
    return f"{address}\n{base64.b64encode(nonce + sealed).decode()}\n".encode()


def opened_by_token(text: bytes) -> bytes:
    """The at-rest key of a key file's text.

    Raises `TokenRefused` as `sealed_by_token` does, and TOKEN_KEY_DIFFERS for what another key sealed.
    """
    try:
        address, sealed = text.decode("ascii").splitlines()
        kept = base64.b64decode(sealed, validate=True)
    except ValueError:
        raise TokenRefused(RefusalCode.TOKEN_KEY_DIFFERS) from None
    place = TokenKey.parse(address)
    try:
        from linkage_engine.vault import pkcs11_token  # noqa: PLC0415  # an extra
    except ImportError:
        raise TokenRefused(RefusalCode.TOKEN_ABSENT) from None
    return pkcs11_token.decrypted(place, kept[NONCE_BYTES:], kept[:NONCE_BYTES])
