"""Deliveries: posted by a provider as one file, followed until they are accepted or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.reports import ValidationReport
from linkage_engine.contract.value import FieldName, RandomId, Sha256, Slug, Value
from service.access.admission import Acting, Caller, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.audit.records import leaf_of
from service.problems.requests import LengthRequired, RequestTooLarge, RequestUnreadable
from service.projects.actions import permit_for
from service.submissions import actions
from service.submissions.package import read_package
from service.submissions.records import Submission, SubmissionPart, parts_of
from service.submissions.remedies import remedy_of
from service.submissions.rules import PartState, SubmissionState
from service.submissions.spool import Incoming, take_in
from service.web.surroundings import Here, Surroundings

router = APIRouter(tags=["submissions"], route_class=SignedInRoute)
MEDIA_TYPE = "application/x-tar"


class Receipt(Value):
    """What a provider keeps: these bytes were received, and where the log says so."""

    submission_id: RandomId
    sealed_sha256: Sha256
    received_at: datetime
    entry_id: RandomId
    log_index: int | None
    """The entry's place in the log's tree; null until it is there."""
    state: SubmissionState


class PartShown(Value):
    """Where one part stands."""

    name: FieldName
    zone: Zone
    state: PartState
    rows: int
    code: str | None
    remedy: str | None
    counts: dict[str, int] | None
    report: ValidationReport | None


class SubmissionShown(Receipt):
    """A delivery and its parts."""

    project_id: Slug
    provider_id: Slug
    counter: int
    extract_date: date
    parts: tuple[PartShown, ...]


UPLOAD: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/projects/{project_id}/submissions",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.SUBMISSION_CREATE)],
    openapi_extra=dict(UPLOAD),
    responses={HTTPStatus.OK: {"model": Receipt, "description": "Received before; the same receipt"}},
)
async def receive_submission(
    project_id: str,
    request: Request,
    response: Response,
    here: Here,
    principal: Caller,
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> Receipt:
    """Hand over a delivery: the .tresub file that tre-provider sealed, whole. Sending it again is safe."""
    if content_length is None:
        raise LengthRequired
    if content_length > here.settings.submission_limit_bytes:
        raise RequestTooLarge(limit_bytes=here.settings.submission_limit_bytes)
    await run_in_threadpool(_check_may_deliver, here, principal, project_id)
    name = here.random(16).hex()
    try:
        incoming = await take_in(request.stream(), here.settings.spool, name=name, length=content_length)
    except ClientDisconnect:
        await run_in_threadpool(_enter_interrupted, here, principal, project_id)
        raise RequestUnreadable from None
    receipt, new = await run_in_threadpool(_receive, here, principal, project_id, incoming)
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return receipt


def _check_may_deliver(here: Surroundings, principal: Caller, project_id: str) -> None:
    with here.read_sessions() as session:
        permit_for(here.act(session, principal.id, principal.role), project_id, live=True)


def _receive(
    here: Surroundings, principal: Caller, project_id: str, incoming: Incoming
) -> tuple[Receipt, bool]:
    recipients = {
        Zone.LINKAGE: here.pins.linkage.age_recipient or "",
        Zone.ANALYSIS: here.pins.analysis.age_recipient or "",
    }
    try:
        # Read before the transaction begins: gigabytes must not keep everybody else from writing.
        package = read_package(incoming.path)
        with here.sessions.begin() as session:
            act = here.act(session, principal.id, principal.role)
            submission, new = actions.receive_submission(
                act, project_id, incoming, package, recipients=recipients
            )
            return _receipt(act, submission), new
    finally:
        incoming.drop()


def _enter_interrupted(here: Surroundings, principal: Caller, project_id: str) -> None:
    with here.sessions.begin() as session:
        actions.interrupted(here.act(session, principal.id, principal.role), project_id)


@router.get("/submissions/{submission_id}", dependencies=[may(Permission.SUBMISSION_READ)])
def read_submission(submission_id: str, act: Viewing) -> SubmissionShown:
    """Follow a delivery: its state and, for each part, counts by rule and what to do about a refusal."""
    submission = actions.read_submission(act, submission_id)
    return SubmissionShown(
        **_receipt(act, submission).model_dump(),
        project_id=submission.project_id,
        provider_id=submission.provider_id,
        counter=submission.counter,
        extract_date=submission.extract_date,
        parts=tuple(_part(part) for part in parts_of(act.session, submission.id)),
    )


def _receipt(act: Acting, submission: Submission) -> Receipt:
    return Receipt(
        submission_id=submission.id,
        sealed_sha256=submission.sealed_sha256,
        received_at=submission.received_at,
        entry_id=submission.entry_id,
        log_index=leaf_of(act.session, submission.entry_id),
        state=submission.state,
    )


def _part(part: SubmissionPart) -> PartShown:
    return PartShown(
        name=part.name,
        zone=part.zone,
        state=part.state,
        rows=part.rows,
        code=part.code,
        remedy=remedy_of(part.code) if part.code else None,
        counts=part.counts,
        report=ValidationReport.model_validate(part.report) if part.report else None,
    )
