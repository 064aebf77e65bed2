"""The provider's own age identity: the one module of the tool that opens what somebody sealed to it."""

from __future__ import annotations

from pathlib import Path

from linkage_engine.contract.refusals import CannotUnseal
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes
from service.clock import Randomness
from service.keys import age_identity_text
from service.problems.linkage_secrets import EnvelopeNotYours

ENVELOPE_LIMIT_BYTES = 1 << 10


def new_identity(random: Randomness) -> tuple[str, str]:
    """The text of a new identity, for its owner's key file, and its recipient."""
    identity = Identity.generate(random)
    return identity.secret_text(), str(identity.recipient)


def open_envelope(sealed: bytes, keys: Path) -> bytes:
    """What was sealed to the owner of a key folder; raises EnvelopeNotYours."""
    try:
        identity = Identity.parse(age_identity_text(keys))
        return unseal_bytes(sealed, identities=[identity], limit_bytes=ENVELOPE_LIMIT_BYTES)
    except CannotUnseal:
        raise EnvelopeNotYours from None
