"""What the site says of its organisation's identity provider, and as whom it is registered there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import StringConstraints, ValidationError, model_validator

from linkage_engine.contract.value import ShortText, Value
from service.openid.signatures import Algorithm
from service.problems.tools import IdentityProviderRefused

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Address = Annotated[str, StringConstraints(min_length=8, max_length=500, pattern=r"^https?://[!-~]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
"""A name in the provider's own words: of a client, a scope, a way to sign in."""


class Registration(Value):
    """One identity provider; paths are absolute. A file says it, so that it is looked at as one thing."""

    issuer: Address
    client_id: ShortText
    authentication: Literal["private_key_jwt", "client_secret_basic"] = "private_key_jwt"
    credential: Path
    """Our private key as a JWK, or the secret that the provider shares with us: a file of mode 0400."""
    audience: Literal["issuer", "token_endpoint"] = "issuer"
    """Whom an assertion by our key is for; some providers know their older name alone."""
    algorithm: Algorithm
    """The one that the provider signs ID tokens with; no other is believed, whatever a header says."""
    scopes: tuple[Said, ...] = ("openid",)
    acr: tuple[Said, ...] = ()
    """Classes of signing in that need a second factor: one of them is asked for, and has to be answered."""
    amr: tuple[Said, ...] = ()
    """Methods of a second factor, as `mfa` or `hwk` (RFC 8176): the answer has to name one of them."""
    further_origins: tuple[Address, ...] = ()
    """Other origins than the issuer's at which it has addresses of its own."""
    document: Path | None = None
    """The provider's metadata, where they are not to be fetched."""
    keys: Path | None = None
    """The provider's public keys, where they are not to be fetched."""
    certificates: Path | None = None
    """Who vouches for the provider's name, where that is an authority of the organisation's own."""

    @model_validator(mode="after")
    def is_safe(self) -> Self:
        """A second factor is asked for, and nothing is said in clear but on this machine."""
        if not (self.acr or self.amr):
            raise ValueError("acr or amr says what a second factor is")
        if "openid" not in self.scopes:
            raise ValueError("scopes hold openid")
        if not all(is_private(each) for each in (self.issuer, *self.further_origins)):
            raise ValueError("addresses begin with https")
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Where the api may ask: nowhere else."""
        return frozenset(origin_of(each) for each in (self.issuer, *self.further_origins))


def read_registration(path: Path) -> Registration:
    """The registration of a file; raises IdentityProviderRefused."""
    try:
        return Registration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise IdentityProviderRefused from None


def origin_of(address: str) -> str:
    """Scheme, host and port of an address (RFC 6454); raises ValueError where it has a name and password."""
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise ValueError("no origin")
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{parts.hostname}:{port}"


def is_private(address: str) -> bool:
    """Whether what is said there can be read by nobody on the way; raises ValueError like `origin_of`."""
    parts = urlsplit(origin_of(address))
    return parts.scheme == "https" or parts.hostname in LOOPBACK
