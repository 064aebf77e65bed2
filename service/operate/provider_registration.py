"""The organisation's identity provider: its registration put in place, and our key that it knows us by.

The registration appears whole, after its entry; the key or secret lies with the api's other keys.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from service.keys import write_private
from service.openid.provider import credential_of
from service.openid.registration import Registration, read_registration
from service.openid.signatures import AssertionKey
from service.operate.folders import user_of
from service.operate.installation import Home
from service.problems.tools import IdentityProviderRefused

KEY, SECRET = "provider.jwk", "provider.secret"


def prepare(home: Home, draft: Path, secret: Path | None) -> Registration:
    """Write a registration that nothing uses yet, and the key or secret that it needs, where there is none.

    Raises IdentityProviderRefused.
    """
    try:
        said = json.loads(draft.read_bytes())
        shares = said.get("authentication") == "client_secret_basic"
        credential = home.keys("api") / (SECRET if shares else KEY)
        text = secret.read_text("ascii").strip() if secret is not None else None
    except (OSError, ValueError, AttributeError):
        raise IdentityProviderRefused from None
    _waiting(home).write_text(json.dumps({**said, "credential": str(credential)}, indent=2) + "\n")
    _waiting(home).chmod(0o644)
    registration = read_registration(_waiting(home))
    if not credential.exists() or text is not None:
        _write(home, credential, _new(text, shares=shares))
    credential_of(registration)
    return registration


def put_in_place(home: Home) -> None:
    """Let the api use, from its next start, the registration that was prepared."""
    _waiting(home).replace(home.identity_provider)


def public_jwk(registration: Registration) -> str | None:
    """What the provider is to know of our key; nothing where it shares a secret with us."""
    credential = credential_of(registration)
    return json.dumps(credential.public_jwk) if isinstance(credential, AssertionKey) else None


def _new(secret: str | None, *, shares: bool) -> str:
    if shares != (secret is not None):
        raise IdentityProviderRefused
    return AssertionKey.generate().to_jwk() if secret is None else secret + "\n"


def _write(home: Home, credential: Path, text: str) -> None:
    """A secret that came anew takes the place of the one before, whole."""
    made = credential.with_suffix(".new")
    made.unlink(missing_ok=True)
    write_private(made, text)
    if home.read().separate_users:
        os.chown(made, *user_of("api"))
    made.replace(credential)


def _waiting(home: Home) -> Path:
    return home.root / "identity-provider.json.new"
