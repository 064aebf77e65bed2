"""Deliveries: made of an upload that came in whole, followed until they are accepted or refused."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from http import HTTPStatus

from fastapi import APIRouter, Response
from sqlalchemy.exc import IntegrityError

from linkage_engine.contract.manifest import LeftOut, Zone
from linkage_engine.contract.reports import ValidationReport
from linkage_engine.contract.value import FieldName, RandomId, Sha256, Slug, Value
from service.access.admission import Acting, Caller, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.access.records import SignedIn
from service.audit.records import leaf_of
from service.problems.problem import Problem
from service.problems.requests import NotFound, StorageFull
from service.submissions import actions
from service.submissions.package import read_package
from service.submissions.records import Submission, SubmissionPart, parts_of, submission_to_read
from service.submissions.remedies import remedy_of
from service.submissions.rules import PartState, SubmissionState
from service.uploads.actions import whole_upload
from service.uploads.files import file_of, held
from service.uploads.records import drop
from service.web.surroundings import Here, Surroundings

router = APIRouter(tags=["submissions"], route_class=SignedInRoute)


class PartRowsShown(Value):
    """How many rows a part has, and had in the delivery that is replaced; null: there is no such part."""

    name: FieldName
    rows_before: int | None
    rows: int | None


class ReplacedShown(Value):
    """The provider's delivery that stood before, and what becomes of each part's rows."""

    submission_id: RandomId
    counter: int
    parts: tuple[PartRowsShown, ...]


class Receipt(Value):
    """What a provider keeps: these bytes were received, and where the log says so."""

    submission_id: RandomId
    sealed_sha256: Sha256
    received_at: datetime
    entry_id: RandomId
    log_index: int | None
    """The entry's place in the log's tree; null until it is there."""
    state: SubmissionState
    replaces: ReplacedShown | None
    """The accepted delivery that this one takes the place of once it is accepted itself."""
    left_out: tuple[LeftOut, ...]
    """How many persons and rows its provider left out, by reason, as it signed: never who."""


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
    delivery_id: RandomId
    """Its provider's own name for it, in the manifest."""
    withdrawn_at: datetime | None
    """Since when it is out of everything, whatever its state."""
    parts: tuple[PartShown, ...]


class WholeUpload(Value):
    """Which upload is the delivery."""

    upload_id: RandomId


@router.post(
    "/projects/{project_id}/submissions",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.SUBMISSION_CREATE)],
    responses={HTTPStatus.OK: {"model": Receipt, "description": "Received before; the same receipt"}},
)
def receive_submission(
    project_id: str, whole: WholeUpload, response: Response, here: Here, principal: Caller
) -> Receipt:
    """Hand over a delivery that was uploaded whole. Asking again is safe; a refused upload is gone."""
    receipt, new = _receive(here, principal, project_id, whole.upload_id)
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return receipt


def _receive(
    here: Surroundings, principal: SignedIn, project_id: str, upload_id: str
) -> tuple[Receipt, bool]:
    with here.read_sessions() as session:
        whole_upload(here.act(session, principal.id, principal.role), project_id, upload_id)
    path = file_of(here.settings.spool, upload_id)
    try:
        with held(path):
            taken = _take(here, principal, project_id, upload_id)
            path.unlink()
            return taken
    except NotFound:
        return _again(here, principal, project_id, upload_id), False


def _take(here: Surroundings, principal: SignedIn, project_id: str, upload_id: str) -> tuple[Receipt, bool]:
    recipients = {
        Zone.LINKAGE: here.pins.linkage.age_recipient or "",
        Zone.ANALYSIS: here.pins.analysis.age_recipient or "",
    }
    path = file_of(here.settings.spool, upload_id)
    try:
        # Read before the transaction begins: gigabytes must not keep everybody else from writing.
        package = read_package(path)
        with here.sessions.begin() as session:
            act = here.act(session, principal.id, principal.role)
            upload = whole_upload(act, project_id, upload_id)
            submission, new = actions.receive_submission(act, upload, path, package, recipients=recipients)
            return _receipt(act, submission), new
    except StorageFull:
        raise  # not for these bytes: they are delivered when there is room
    except (Problem, IntegrityError):
        # These bytes will be refused again: nothing of them is kept.
        with here.sessions.begin() as session:
            drop(session, upload_id)
        path.unlink()
        raise


def _again(here: Surroundings, principal: SignedIn, project_id: str, upload_id: str) -> Receipt:
    """The receipt of an upload that became a delivery before, or while this request waited."""
    with here.sessions.begin() as session:
        act = here.act(session, principal.id, principal.role)
        upload = whole_upload(act, project_id, upload_id)
        submission = upload.submission_id and submission_to_read(session, upload.submission_id)
        if not submission:
            raise NotFound
        return _receipt(act, actions.received_before(act, submission))


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
        delivery_id=submission.delivery_id,
        withdrawn_at=submission.withdrawn_at,
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
        replaces=_replaced(actions.replaced_by(act, submission)),
        left_out=tuple(LeftOut.model_validate(each) for each in submission.left_out or ()),
    )


def _replaced(replaced: actions.Replaced | None) -> ReplacedShown | None:
    if replaced is None:
        return None
    parts = tuple(PartRowsShown(**asdict(part)) for part in replaced.parts)
    return ReplacedShown(submission_id=replaced.submission_id, counter=replaced.counter, parts=parts)


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
