"""Queries: asked by a researcher in the closed language, answered only through output checkers."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.contract.value import RandomId, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.act import Act
from service.problems.results import NotAnswered
from service.queries import actions
from service.queries.records import Query
from service.queries.rules import QueryState, code_for

router = APIRouter(tags=["queries"], route_class=SignedInRoute)


class QuestionText(Value):
    """A question as its researcher signed it."""

    question: Annotated[str, Field(min_length=1, max_length=1 << 16)]
    """The compact JWS of type `tre-question+jws`."""


class QueryShown(Value):
    """A query and where it stands; `code` says why it failed, `not-answered` where that is withheld."""

    query_id: RandomId
    project_id: Slug
    asked_by: Slug
    asked_at: datetime
    specification: QuerySpec
    state: QueryState
    release_id: RandomId | None
    """Where its answer is checked and fetched, once the gate has controlled it."""
    code: str | None
    remedy: str | None
    """What to do about a reason that is withheld from you."""


def _shown(act: Act, query: Query) -> QueryShown:
    assert act.role is not None
    code = code_for(act.role, query.code)
    return QueryShown(
        query_id=query.id,
        project_id=query.project_id,
        asked_by=query.asked_by,
        asked_at=query.asked_at,
        specification=query_spec(query.specification),
        state=query.state,
        # A query has one release, which bears its id.
        release_id=query.id if query.state is QueryState.CONTROLLED else None,
        code=code,
        remedy=NotAnswered.remedy if code == NotAnswered.slug else None,
    )


@router.post(
    "/projects/{project_id}/queries",
    status_code=HTTPStatus.ACCEPTED,
    dependencies=[may(Permission.QUERY_ASK)],
    responses={HTTPStatus.OK: {"model": QueryShown, "description": "Asked before; the same query"}},
)
def ask_query(project_id: str, body: QuestionText, response: Response, act: Acting) -> QueryShown:
    """Ask a signed question within the project's permit; sending the same text again is safe."""
    query, new = actions.ask_query(act, project_id, body.question)
    response.status_code = HTTPStatus.ACCEPTED if new else HTTPStatus.OK
    return _shown(act, query)


@router.get("/queries/{query_id}", dependencies=[may(Permission.QUERY_READ)])
def read_query(query_id: str, act: Viewing) -> QueryShown:
    """Follow a query."""
    return _shown(act, actions.read_query(act, query_id))
