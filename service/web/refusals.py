"""Refusals are entered: each one of somebody who signed in, and wrong sign-ins by source and minute."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request

from service.audit.tally import UNKNOWN_SOURCE, tally_refusal
from service.audit.vocabulary import Action, Outcome
from service.problems.problem import Problem
from service.web.surroundings import surroundings_of

CHECKSUM_MISMATCH = 460
"""Of tus, not of HTTP."""
ENTERED = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INSUFFICIENT_STORAGE,
        CHECKSUM_MISMATCH,
    }
)
COUNTED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
"""Of requests whose author is not known: another site's, and too many attempts to sign in."""


def signed_in_as(request: Request, principal_id: str) -> None:
    """Remember who asks, for the entry of a refusal."""
    request.state.actor = principal_id


def enter_refusal(request: Request, problem: Problem) -> None:
    """Enter a refusal in a transaction of its own: that of the act was rolled back."""
    here = surroundings_of(request)
    actor = getattr(request.state, "actor", None)
    if problem.status == HTTPStatus.UNAUTHORIZED or (actor is None and problem.status in COUNTED):
        source = request.client.host if request.client else UNKNOWN_SOURCE
        with here.sessions.begin() as session:
            tally_refusal(session, source, problem.slug, here.clock)
    elif actor is not None and problem.status in ENTERED:
        with here.sessions.begin() as session:
            here.act(session, actor).enter(
                Action.REQUEST_REFUSE,
                request.scope["route"].path,
                outcome=Outcome.REFUSED,
                code=problem.slug,
                status=problem.status,
            )
