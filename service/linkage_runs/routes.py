"""Linkage runs: asked for by an operator, who sees counts and settings only."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter

from linkage_engine.contract.reports import RunFigures
from linkage_engine.contract.value import RandomId, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.linkage_runs import actions
from service.linkage_runs.records import LinkageRun, submissions_of_run
from service.linkage_runs.rules import RunState

router = APIRouter(tags=["linkage runs"], route_class=SignedInRoute)


class RunWanted(Value):
    """How a project is to be linked."""

    in_full: bool = False
    """Train and weigh everything anew, not only what was delivered since the last run; link ids stay."""


class LinkageRunShown(Value):
    """A linkage run: its deliveries, where it stands, and its figures once it has linked."""

    run_id: RandomId
    project_id: Slug
    asked_by: Slug
    asked_at: datetime
    in_full: bool
    state: RunState
    submissions: tuple[RandomId, ...]
    figures: RunFigures | None
    records: int | None
    code: str | None


def _shown(act: Acting, run: LinkageRun) -> LinkageRunShown:
    return LinkageRunShown(
        run_id=run.id,
        project_id=run.project_id,
        asked_by=run.asked_by,
        asked_at=run.asked_at,
        in_full=run.in_full,
        state=run.state,
        submissions=tuple(submission.id for submission in submissions_of_run(act.session, run.id)),
        figures=RunFigures.model_validate(run.figures) if run.figures else None,
        records=run.records,
        code=run.code,
    )


@router.post(
    "/projects/{project_id}/linkage-runs",
    status_code=HTTPStatus.ACCEPTED,
    dependencies=[may(Permission.LINKAGE_RUN_ASK)],
)
def ask_for_run(project_id: str, act: Acting, wanted: RunWanted | None = None) -> LinkageRunShown:
    """Ask for a linkage of the accepted deliveries of a project; two providers must have one."""
    return _shown(act, actions.ask_for_run(act, project_id, in_full=wanted is not None and wanted.in_full))


@router.get("/linkage-runs/{run_id}", dependencies=[may(Permission.LINKAGE_RUN_READ)])
def read_run(run_id: str, act: Viewing) -> LinkageRunShown:
    """Follow a linkage run; its figures are controlled numbers and settings, never a record."""
    return _shown(act, actions.read_run(act, run_id))
