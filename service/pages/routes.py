"""Public pages: health, and the catalogue of problems as JSON or as a page to read."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, JSONResponse, Response

from linkage_engine.contract.controlled_table import PublishedRecord
from linkage_engine.contract.value import Value
from service.pages.health import ProcessShown, processes
from service.problems.catalogue import CATALOGUE
from service.problems.problem import Problem
from service.problems.requests import NotFound
from service.web.body import LimitedRoute
from service.web.page import HTML, page
from service.web.surroundings import Here

router = APIRouter(tags=["public"], route_class=LimitedRoute)
Accept = Annotated[str, Header(max_length=1000)]
AS_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {HTML: {"schema": {"type": "string"}}}}}


class Health(Value):
    """The api answers; what the other processes last said."""

    status: Literal["answering"] = "answering"
    processes: tuple[ProcessShown, ...]


class ProblemShown(Value):
    """A kind of refusal and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str


def _problem(kind: type[Problem]) -> ProblemShown:
    return ProblemShown.model_validate(kind().as_json())


def _page(title: str, shown: Iterable[ProblemShown]) -> HTMLResponse:
    sections = "".join(
        f'<h2><a href="{escape(p.type)}">{escape(p.title)}</a> ({p.status})</h2>'
        f"<p>{escape(p.detail)}</p><p>{escape(p.remedy)}</p>"
        for p in shown
    )
    return page(title, sections)


@router.get("/health")
def health(here: Here) -> Health:
    """See that the service answers, and the measured isolation of each process."""
    return Health(processes=tuple(processes(here.settings.status_folder)))


@router.get("/schemas/disclosure-record")
def disclosure_record_schema() -> dict[str, Any]:
    """Read what stands in a release's `disclosure-record.json`, as JSON Schema (2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "/schemas/disclosure-record",
        **PublishedRecord.model_json_schema(mode="serialization"),
    }


@router.get("/problems", response_model=list[ProblemShown], responses=dict(AS_PAGE))
def problems(accept: Accept = "") -> Response:
    """List every refusal that this service can answer with, and what to do about each."""
    shown = [_problem(CATALOGUE[slug]) for slug in sorted(CATALOGUE)]
    if HTML in accept:
        return _page("Problems", shown)
    return JSONResponse([p.model_dump() for p in shown])


@router.get("/problems/{slug}", response_model=ProblemShown, responses=dict(AS_PAGE))
def problem(slug: str, accept: Accept = "") -> Response:
    """Read what one refusal means and what to do about it: the `type` of every problem leads here."""
    if slug not in CATALOGUE:
        raise NotFound
    shown = _problem(CATALOGUE[slug])
    return _page(shown.title, [shown]) if HTML in accept else JSONResponse(shown.model_dump())
