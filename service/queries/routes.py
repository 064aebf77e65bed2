"""Queries: asked by a researcher in the closed language, answered only through output checkers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import QuerySpec, query_spec
from linkage_engine.contract.value import RandomId, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.act import Act
from service.problems.results import NotAnswered
from service.queries import actions
from service.queries.records import Query
from service.queries.rules import QueryKind, QueryState, code_for

router = APIRouter(tags=["queries"], route_class=SignedInRoute)


class QuestionText(Value):
    """A question as its researcher signed it."""

    question: Annotated[str, Field(min_length=1, max_length=1 << 16)]
    """The compact JWS of type `tre-question+jws`."""


class PreflightText(Value):
    """A question as its researcher signed it for a pre-flight."""

    question: Annotated[str, Field(min_length=1, max_length=1 << 16)]
    """The compact JWS of type `tre-preflight+jws`."""


class _Shown(Value):
    """What of a question is shown whatever it was asked for."""

    project_id: Slug
    asked_by: Slug
    asked_at: datetime
    specification: QuerySpec
    code: str | None
    """Why it failed; `not-answered` where that is withheld."""
    remedy: str | None
    """What to do about a reason that is withheld from you."""


class QueryShown(_Shown):
    """A query and where it stands."""

    query_id: RandomId
    state: QueryState
    release_id: RandomId | None
    """Where its answer is checked and fetched, once the gate has controlled it."""


class PreflightShown(_Shown):
    """A pre-flight and where it stands: `asked`, `answered` with its figures, or `failed`."""

    preflight_id: RandomId
    state: Literal["asked", "answered", "failed"]
    figures: Preflight | None


def _fields(act: Act, query: Query) -> dict[str, Any]:
    assert act.role is not None
    code = code_for(act.role, query.code)
    return {
        "project_id": query.project_id,
        "asked_by": query.asked_by,
        "asked_at": query.asked_at,
        "specification": query_spec(query.specification),
        "code": code,
        "remedy": NotAnswered.remedy if code == NotAnswered.slug else None,
    }


def _query(act: Act, query: Query) -> QueryShown:
    # A query has one release, which bears its id.
    release_id = query.id if query.state is QueryState.CONTROLLED else None
    return QueryShown(query_id=query.id, state=query.state, release_id=release_id, **_fields(act, query))


_OF_PREFLIGHT: Mapping[QueryState, Literal["asked", "answered", "failed"]] = {
    QueryState.ASKED: "asked",
    QueryState.ANSWERED: "asked",
    QueryState.CONTROLLED: "answered",
    QueryState.FAILED: "failed",
}


def _preflight(act: Act, query: Query) -> PreflightShown:
    return PreflightShown(
        preflight_id=query.id,
        state=_OF_PREFLIGHT[query.state],
        figures=None if query.figures is None else Preflight.model_validate(query.figures),
        **_fields(act, query),
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
    return _query(act, query)


@router.get("/queries/{query_id}", dependencies=[may(Permission.QUERY_READ)])
def read_query(query_id: str, act: Viewing) -> QueryShown:
    """Follow a query."""
    return _query(act, actions.read_query(act, query_id))


@router.post(
    "/projects/{project_id}/preflights",
    status_code=HTTPStatus.ACCEPTED,
    dependencies=[may(Permission.PREFLIGHT_ASK)],
    responses={HTTPStatus.OK: {"model": PreflightShown, "description": "Asked before; the same pre-flight"}},
)
def ask_preflight(project_id: str, body: PreflightText, response: Response, act: Acting) -> PreflightShown:
    """Ask how many cells of an answer would be hidden, and of coarser ones; it costs like a question."""
    query, new = actions.ask_query(act, project_id, body.question, QueryKind.PREFLIGHT)
    response.status_code = HTTPStatus.ACCEPTED if new else HTTPStatus.OK
    return _preflight(act, query)


@router.get("/preflights/{preflight_id}", dependencies=[may(Permission.PREFLIGHT_READ)])
def read_preflight(preflight_id: str, act: Viewing) -> PreflightShown:
    """Follow a pre-flight."""
    return _preflight(act, actions.read_query(act, preflight_id, QueryKind.PREFLIGHT))
