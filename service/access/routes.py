"""Signing in: an assertion signed by a registered key for a token that lives five minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field, ValidationError

from linkage_engine.contract.value import Value
from service.access.actions import issue_token, sign_in
from service.access.admission import issuer_of, proof_of
from service.problems.problem import faults_of
from service.problems.requests import RequestInvalid
from service.web.body import FORM, LimitedRoute, form_fields
from service.web.surroundings import Here, Transaction

router = APIRouter(tags=["access"], route_class=LimitedRoute)


class TokenRequest(Value):
    """A client credentials request with a client assertion (RFC 6749 §4.4.2, RFC 7523 §2.2)."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Field(min_length=1, max_length=4096)]


class TokenShown(Value):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: Literal["DPoP", "Bearer"]
    expires_in: int


BODY: Mapping[str, Any] = {
    "requestBody": {"required": True, "content": {FORM: {"schema": TokenRequest.model_json_schema()}}}
}


async def _token_request(request: Request) -> TokenRequest:
    """The form of the request; fields that RFC 6749 does not know here are passed over, as it says."""
    fields = await form_fields(request)
    try:
        return TokenRequest.model_validate(
            {k: v for k, v in fields.items() if k in TokenRequest.model_fields}
        )
    except ValidationError as invalid:
        raise RequestInvalid(faults=faults_of(invalid.errors(include_input=False))) from None


@router.post("/token", openapi_extra=dict(BODY))
def issue_access_token(
    asked: Annotated[TokenRequest, Depends(_token_request)],
    request: Request,
    here: Here,
    session: Transaction,
) -> TokenShown:
    """Get an access token for a client assertion (RFC 7523) that your registered key signed.

    It is bound to the key that the request's DPoP proof proves (RFC 9449): each request needs a proof.
    """
    issuer = issuer_of(here)
    bound_to = proof_of(request, here)
    principal, used = sign_in(session, asked.client_assertion, audience=issuer.audience, clock=here.clock)
    act = here.act(session, principal.id, principal.role)
    token = issue_token(act, principal, issuer, used=used, bound_to=bound_to)
    kind: Literal["DPoP", "Bearer"] = "Bearer" if bound_to is None else "DPoP"
    return TokenShown(access_token=token, token_type=kind, expires_in=issuer.seconds)
