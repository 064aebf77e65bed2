"""Signing in: an assertion signed by a registered key for a token that lives five minutes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form

from linkage_engine.contract.value import Value
from service.access.actions import issue_token, sign_in
from service.access.admission import issuer_of
from service.web.body import LimitedRoute
from service.web.surroundings import Here, Transaction

router = APIRouter(tags=["access"], route_class=LimitedRoute)


class TokenShown(Value):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the kind of token
    expires_in: int


@router.post("/token")
def issue(
    here: Here,
    session: Transaction,
    grant_type: Annotated[Literal["client_credentials"], Form()],
    client_assertion_type: Annotated[
        Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"], Form()
    ],
    client_assertion: Annotated[str, Form(min_length=1, max_length=4096)],
) -> TokenShown:
    """Get an access token for a client assertion (RFC 7523) that your registered key signed."""
    issuer = issuer_of(here)
    principal = sign_in(session, client_assertion, audience=issuer.audience, clock=here.clock)
    token = issue_token(here.act(session, principal.id, principal.role), principal, issuer)
    return TokenShown(access_token=token, expires_in=issuer.seconds)
