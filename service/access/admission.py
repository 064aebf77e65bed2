"""Who asks: the one function that admits a request, and the routes that need it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, get_type_hints

import sqlalchemy as sa
from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as DependsParameter
from fastapi.security.http import HTTPBase
from sqlalchemy.orm import Session

from service.access.permissions import Permission, check_permitted
from service.access.proofs import Asked, proved_key
from service.access.records import SignedIn, active_principal
from service.access.sessions import COOKIE, signed_in_by_browser
from service.access.tokens import Issuer, TokenClaims
from service.act import Act
from service.problems.signing_in import NotSignedIn, ProofRefused
from service.web.body import Handle, LimitedRoute
from service.web.looks import Answered, Look
from service.web.one_thread import as_coroutine, run_through
from service.web.refusals import signed_in_as
from service.web.surroundings import Here, Surroundings, Transaction, surroundings_of

SCHEMES = frozenset({"dpop", "bearer"})
PROOF = "dpop"
"""The header that carries a proof of possession."""
_documented = HTTPBase(
    scheme="DPoP",
    auto_error=False,
    description="An access token of `POST /token`, which lives five minutes, with a `DPoP` header: a proof, "
    "made for this request, of the key that the token is bound to (RFC 9449).",
)


def issuer_of(here: Surroundings) -> Issuer:
    """The issuer of this service's tokens."""
    return Issuer(here.token_key, here.settings.audience, here.settings.token_seconds)


def authenticate(request: Request, session: Session) -> SignedIn:
    """The principal whose live token, or else whose browser's session, the request carries.

    The principal is looked up at each request, so that a revoked key is refused at once.
    Raises TokenExpired; ProofRefused where the token is bound to a key that the request does not prove;
    CrossSiteRequest; or NotSignedIn for anything else.
    """
    here = surroundings_of(request)
    request.state.by_browser = COOKIE in request.cookies and "authorization" not in request.headers
    if request.state.by_browser:
        return _active(session, signed_in_by_browser(request, here))
    claims = _claims(request, here)
    return _active(session, claims.sub, claims)


def _claims(request: Request, here: Surroundings) -> TokenClaims:
    """What the request's token claims, if the request proves the key that it is bound to."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in SCHEMES:
        raise NotSignedIn
    claims = issuer_of(here).read(token, here.clock())
    bound_to = claims.cnf.jkt if claims.cnf else None
    if scheme.lower() != ("bearer" if bound_to is None else "dpop"):
        raise NotSignedIn
    if proof_of(request, here, token) != bound_to:
        raise ProofRefused
    return claims


def _active(session: Session, principal_id: str, claims: TokenClaims | None = None) -> SignedIn:
    """The principal of that id, if neither it nor the key that its token was got with is revoked."""
    principal = active_principal(session, principal_id, claims.key if claims is not None else None)
    if principal is None or (claims is not None and principal.role is not claims.role):
        raise NotSignedIn
    return principal


def proof_of(request: Request, here: Surroundings, token: str | None = None) -> str | None:
    """The thumbprint of the key that the request proves; nothing where it carries no proof and need not.

    Raises ProofRefused.
    """
    proofs = request.headers.getlist(PROOF)
    if not proofs and here.settings.bearer_tokens:
        return None
    address = f"{here.settings.address}{request.url.path}" if here.settings.address else str(request.url)
    asked = Asked(request.method, address, token)
    return proved_key(proofs, asked, now=here.clock(), once=here.once)


class SignedInRoute(LimitedRoute):
    """A route for principals only: nothing of the request is read before it is known who asks."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:  # noqa: ANN401  # FastAPI's
        self.looks = Viewing in get_type_hints(endpoint, include_extras=True).values()
        super().__init__(path, as_coroutine(endpoint) if self.looks else endpoint, **told)

    def get_route_handler(self) -> Handle:
        """The handler behind the door."""
        handle = super().get_route_handler()

        async def admitted(request: Request) -> Response:
            await run_in_threadpool(_admit, request)
            return await handle(request)

        async def looked(request: Request) -> Response:
            return await surroundings_of(request).looks.answer(Look(partial(_looked, handle, request)))

        return looked if self.looks else admitted


def _admit(request: Request) -> None:
    with surroundings_of(request).read_sessions() as session:
        _signed_in(request, session)


def _signed_in(request: Request, session: Session) -> SignedIn:
    principal = authenticate(request, session)
    request.state.principal = principal
    signed_in_as(request, principal.id)
    return principal


def _looked(handle: Handle, request: Request, connection: sa.Connection) -> Answered:
    """The answer to a request that only reads, and its entries."""
    here = surroundings_of(request)
    with here.read_sessions(bind=connection) as session:
        principal = _signed_in(request, session)
        act = request.state.act = here.view(session, principal.id, principal.role)
        return run_through(handle(request)), act.entered


# These dependencies wait for nothing: as coroutines they cost no thread of the pool.
async def caller(request: Request) -> SignedIn:
    """The principal that the route admitted."""
    principal: SignedIn = request.state.principal
    return principal


Caller = Annotated[SignedIn, Depends(caller)]


def may(permission: Permission) -> DependsParameter:
    """The permission that a route asks of its caller; checked before anything is looked up."""

    async def check(request: Request, _: Annotated[object, Depends(_documented)]) -> None:
        check_permitted(request.state.principal.role, permission, by_browser=request.state.by_browser)

    check.permission = permission  # type: ignore[attr-defined]  # read by the test over all routes
    dependency: DependsParameter = Depends(check)
    return dependency


async def _acting(here: Here, session: Transaction, principal: Caller) -> Act:
    return here.act(session, principal.id, principal.role)


async def _viewing(request: Request) -> Act:
    act: Act = request.state.act
    return act


Acting = Annotated[Act, Depends(_acting, scope="function")]
"""The caller's use case in the request's transaction."""

Viewing = Annotated[Act, Depends(_viewing)]
"""The caller's look at something: entered, but never worth waiting for a disk."""
