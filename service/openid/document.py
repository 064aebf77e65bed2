"""The provider's metadata: its addresses, each at an origin that the site named (OpenID Discovery 1.0)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from service.openid.registration import Address, Registration, is_private, origin_of
from service.problems.signing_in import OrganisationUnreachable

WELL_KNOWN = "/.well-known/openid-configuration"


class Document(BaseModel):
    """What of the metadata is used."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    authorization_response_iss_parameter_supported: bool = False
    """Whether each answer says who gives it (RFC 9207)."""
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)


def address_of_document(registration: Registration) -> str:
    """Where a provider says what it is (§4.1)."""
    return registration.issuer.rstrip("/") + WELL_KNOWN


def read_document(raw: bytes, registration: Registration) -> Document:
    """The metadata, if they are the issuer's, exactly, and lead nowhere else.

    Raises OrganisationUnreachable (§4.3): a provider that is not the one is none.
    """
    try:
        document = Document.model_validate_json(raw)
        addresses = (document.authorization_endpoint, document.token_endpoint, document.jwks_uri)
        at_home = all(origin_of(each) in registration.origins and is_private(each) for each in addresses)
    except (ValidationError, ValueError):
        raise OrganisationUnreachable from None
    if document.issuer != registration.issuer or not at_home:
        raise OrganisationUnreachable
    if "S256" not in document.code_challenge_methods_supported:
        raise OrganisationUnreachable
    return document
