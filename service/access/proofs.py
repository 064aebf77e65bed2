"""Proofs of possession: this request was made by who holds the key that the token is bound to (RFC 9449)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.problems.signing_in import ProofRefused
from service.problems.tools import SignatureRefused
from service.signed import proved_bytes
from service.web.once import Once

PROOF_SECONDS = 60
"""How old a proof may be."""
AHEAD_SECONDS = 30
"""How far a client's clock may be ahead."""
PORTS = {"http": 80, "https": 443}


class ProofClaims(BaseModel):
    """What a proof claims (RFC 9449 §4.2); what else it claims is passed over, as it says."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, strict=True)

    jti: str = Field(min_length=16, max_length=128)
    htm: str
    htu: str
    iat: int
    ath: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a proof has to be about: its method, its address as clients know it, its token."""

    method: str
    address: str
    token: str | None = None


def token_digest(token: str) -> str:
    """What a proof says of the token it goes with (RFC 9449 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def proved_key(proofs: Sequence[str], asked: Asked, *, now: datetime, once: Once) -> str:
    """The thumbprint of the key whose holder made this very request, once.

    Raises ProofRefused, and never says why: for none or two proofs, another method, address or token, a
    moment that is not now, a proof that was seen, and whatever is no proof (RFC 9449 §4.3).
    """
    try:
        [proof] = proofs
        payload, thumbprint = proved_bytes(proof)
        claims = ProofClaims.model_validate_json(payload)
        about = (claims.htm, _plain(claims.htu))
    except (SignatureRefused, ValidationError, ValueError):
        raise ProofRefused from None
    moment = now.timestamp()
    believable = (
        about == (asked.method, _plain(asked.address))
        and claims.ath == (token_digest(asked.token) if asked.token is not None else None)
        and max(moment - PROOF_SECONDS, int(once.began.timestamp())) <= claims.iat <= moment + AHEAD_SECONDS
    )
    name = hashlib.sha256(f"{thumbprint} {claims.jti}".encode()).digest()
    until = claims.iat + PROOF_SECONDS + AHEAD_SECONDS
    if not believable or not once.is_new(name, now=now, until=until):
        raise ProofRefused
    return thumbprint


def _plain(address: str) -> tuple[str, str | None, int | None, str]:
    """Scheme, host, port and path of an address, without query and fragment (RFC 3986 §6.2.2 and 6.2.3)."""
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname, parts.port or PORTS.get(scheme), parts.path or "/"
