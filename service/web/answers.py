"""Problem details for everything that goes wrong, and the headers of every answer (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.database import DatabaseFault, fault_of
from service.problems.database import DatabaseBusy, DatabaseFull, DatabaseReadOnly, DatabaseUnreachable
from service.problems.problem import Problem, faults_of
from service.problems.requests import (
    ChangedMeanwhile,
    MethodNotAllowed,
    NotFound,
    NotReady,
    RequestInvalid,
    RequestTooLarge,
    RequestUnreadable,
    UnexpectedFault,
)
from service.public_keys import PROVING
from service.web.page import HTML, page
from service.web.refusals import enter_refusal
from service.web.surroundings import surroundings_of

PROBLEM_JSON = "application/problem+json"
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
OF_STATUS: Mapping[int, type[Problem]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RequestTooLarge,
}
"""The framework's own refusals in our words; any other is a body that could not be read."""
CHALLENGE = f'DPoP algs="{" ".join(PROVING)}"'
"""How to ask again (RFC 9449 §7.1)."""
OF_FAULT: Mapping[DatabaseFault, type[Problem]] = {
    DatabaseFault.BUSY: DatabaseBusy,
    DatabaseFault.FULL: DatabaseFull,
    DatabaseFault.READ_ONLY: DatabaseReadOnly,
    DatabaseFault.UNREACHABLE: DatabaseUnreachable,
}


def problem_answer(
    problem: Problem, headers: Mapping[str, str] | None = None, *, as_page: bool = False
) -> Response:
    """A problem as it is sent, to browsers as a page."""
    more = dict(headers or {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        more["www-authenticate"] = CHALLENGE
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        more["retry-after"] = "2"
    if "retry_after_seconds" in problem.facts:
        more["retry-after"] = str(problem.facts["retry_after_seconds"])
    if as_page:
        body = f"<p>{escape(problem.detail())}</p><p>{escape(problem.remedy)}</p>"
        made = page(problem.title, body, status=problem.status)
        made.headers.update(more)
        return made
    return JSONResponse(
        problem.as_json(),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={**HEADERS, **more},
    )


def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return _entered(request, problem)


def _entered(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal, once it is entered; where it cannot be, that is the answer."""
    try:
        enter_refusal(request, problem)
    except DBAPIError as fault:
        return _on_database(request, fault)
    return problem_answer(problem, headers, as_page=HTML in request.headers.get("accept", ""))


def _on_invalid(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    errors = list(fault.errors())
    if any(error["type"] == "json_invalid" for error in errors):
        return _on_problem(request, RequestUnreadable())
    return _on_problem(request, RequestInvalid(faults=faults_of(errors)))


def _on_http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    problem = OF_STATUS.get(fault.status_code, RequestUnreadable)()
    return _entered(request, problem, fault.headers)


def _on_conflict(request: Request, _: Exception) -> Response:
    return _on_problem(request, ChangedMeanwhile())


def _on_database(request: Request, fault: Exception) -> Response:
    problem = _problem_of(fault)
    named = isinstance(problem, tuple(OF_FAULT.values()))
    surroundings_of(request).log.error(
        "request_failed", fault=problem.slug if named else type(fault).__name__
    )
    return problem_answer(problem)


def _problem_of(fault: Exception) -> Problem:
    if isinstance(fault, NoConnectionLeft):
        return DatabaseBusy()
    assert isinstance(fault, DBAPIError)
    known = fault_of(fault)
    if known is not None:
        return OF_FAULT[known]()
    return NotReady() if isinstance(fault, OperationalError) else UnexpectedFault()


def _on_fault(request: Request, fault: Exception) -> Response:
    surroundings_of(request).log.error("request_failed", fault=type(fault).__name__)
    return problem_answer(UnexpectedFault())


def answer_problems(app: FastAPI) -> None:
    """Have the app answer problem details whatever goes wrong."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(IntegrityError, _on_conflict)
    app.add_exception_handler(DBAPIError, _on_database)
    app.add_exception_handler(NoConnectionLeft, _on_database)
    app.add_exception_handler(Exception, _on_fault)


def _raw(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


RAW_HEADERS = _raw(HEADERS)


class SecurityHeaders:
    """Puts the headers on every answer that does not have them yet, and those that its route names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                of_route: Mapping[str, str] = getattr(scope.get("route"), "answer_headers", {})
                there = {name for name, _ in message["headers"]}
                more = (*RAW_HEADERS, *_raw(of_route))
                missing = (header for header in more if header[0] not in there)
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, send_with_headers)
