"""Who asks: the one function that admits a request, and the routes that need it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as DependsParameter
from fastapi.security.http import HTTPBase

from service.access.permissions import Permission, check_permitted
from service.access.proofs import Asked, proved_key
from service.access.records import Principal, client_key_by_thumbprint, principal_by_id
from service.access.sessions import COOKIE, signed_in_by_browser
from service.access.tokens import Issuer, TokenClaims
from service.act import Act
from service.problems.signing_in import NotSignedIn, ProofRefused
from service.web.body import Handle, LimitedRoute
from service.web.refusals import signed_in_as
from service.web.surroundings import Here, Look, Surroundings, Transaction, surroundings_of

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


def authenticate(request: Request) -> Principal:
    """The principal whose live token, or else whose browser's session, the request carries.

    The principal is looked up at each request, so that a revoked key is refused at once.
    Raises TokenExpired; ProofRefused where the token is bound to a key that the request does not prove;
    CrossSiteRequest; or NotSignedIn for anything else.
    """
    here = surroundings_of(request)
    request.state.by_browser = COOKIE in request.cookies and "authorization" not in request.headers
    if request.state.by_browser:
        return _live_principal(here, signed_in_by_browser(request, here))
    claims = _claims(request, here)
    return _live_principal(here, claims.sub, claims)


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


def _live_principal(here: Surroundings, principal_id: str, claims: TokenClaims | None = None) -> Principal:
    """The principal of that id, if neither it nor the key that its token was got with is revoked."""
    with here.read_sessions() as session:
        principal = principal_by_id(session, principal_id)
        further = claims.key if claims is not None else None
        key = client_key_by_thumbprint(session, further) if further is not None else None
    if (
        principal is None
        or not principal.active
        or (claims is not None and principal.role is not claims.role)
    ):
        raise NotSignedIn
    if further is not None and (key is None or not key.active or key.principal_id != principal.id):
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

    def get_route_handler(self) -> Handle:
        """The handler behind the door."""
        handle = super().get_route_handler()

        async def admitted(request: Request) -> Response:
            principal = await run_in_threadpool(authenticate, request)
            request.state.principal = principal
            signed_in_as(request, principal.id)
            return await handle(request)

        return admitted


# These dependencies wait for nothing: as coroutines they cost no thread of the pool.
async def caller(request: Request) -> Principal:
    """The principal that the route admitted."""
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(caller)]


def may(permission: Permission) -> DependsParameter:
    """The permission that a route asks of its caller; checked before anything is looked up."""

    async def check(request: Request, principal: Caller, _: Annotated[object, Depends(_documented)]) -> None:
        check_permitted(principal.role, permission, by_browser=request.state.by_browser)

    check.permission = permission  # type: ignore[attr-defined]  # read by the test over all routes
    dependency: DependsParameter = Depends(check)
    return dependency


async def _acting(here: Here, session: Transaction, principal: Caller) -> Act:
    return here.act(session, principal.id, principal.role)


async def _viewing(here: Here, session: Look, principal: Caller) -> Act:
    return here.act(session, principal.id, principal.role)


Acting = Annotated[Act, Depends(_acting, scope="function")]
"""The caller's use case in the request's transaction."""

Viewing = Annotated[Act, Depends(_viewing, scope="function")]
"""The caller's look at something: entered, but never worth waiting for a disk."""
