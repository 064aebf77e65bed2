"""Who asks: the one function that admits a request, and the routes that need it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as DependsParameter
from fastapi.security import HTTPBearer

from service.access.permissions import Permission, check_permitted
from service.access.records import Principal, principal_by_id
from service.access.tokens import Issuer
from service.act import Act
from service.problems.signing_in import NotSignedIn
from service.web.body import Handle, LimitedRoute
from service.web.refusals import signed_in_as
from service.web.surroundings import Here, Look, Surroundings, Transaction, surroundings_of

_documented = HTTPBearer(
    auto_error=False, description="An access token of `POST /token`; it lives five minutes."
)


def issuer_of(here: Surroundings) -> Issuer:
    """The issuer of this service's tokens."""
    return Issuer(here.token_key, here.settings.audience, here.settings.token_seconds)


def authenticate(request: Request) -> Principal:
    """The principal whose live token the request carries.

    The principal is looked up at each request, so that a revoked key is refused at once.
    Raises TokenExpired, or NotSignedIn for anything else.
    """
    here = surroundings_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn
    claims = issuer_of(here).read(token, here.clock())
    with here.read_sessions() as session:
        principal = principal_by_id(session, claims.sub)
    if principal is None or not principal.active or principal.role is not claims.role:
        raise NotSignedIn
    return principal


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

    async def check(principal: Caller, _: Annotated[object, Depends(_documented)]) -> None:
        check_permitted(principal.role, permission)

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
