"""Destructions: a provider takes a whole delivery back, and fetches the certificate that it is gone."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.value import FieldName, RandomId, Sha256, Slug, Value
from service.access.admission import Caller, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.act import Act
from service.audit.records import leaf_of
from service.destructions import actions
from service.destructions.certificate import certificate_bytes
from service.destructions.records import Destruction, Share, shares_of, standing_of
from service.destructions.rules import DestructionState, check_destroyed
from service.destructions.sweeping import sweep_withdrawn
from service.keys import Pins
from service.submissions.spool import forget
from service.web.surroundings import Here

router = APIRouter(tags=["destructions"], route_class=SignedInRoute)
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The certificate",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class DeliveryWithdrawalText(Value):
    """The withdrawal of a delivery as its provider signed it."""

    statement: Annotated[str, Field(min_length=1, max_length=1 << 14)]
    """The compact JWS of type `tre-delivery-withdrawal+jws`."""


class ShareShown(Value):
    """What one worker did."""

    role: FieldName
    settled_at: datetime
    code: str | None
    """Why it could not: withdraw the delivery again when the operator has seen to it."""
    entry_id: RandomId
    log_index: int | None
    """The entry's place in the log's tree; null until it is there."""


class DestructionShown(Value):
    """A destruction and where it stands."""

    destruction_id: RandomId
    project_id: Slug
    provider_id: Slug
    submission_id: RandomId
    statement_sha256: Sha256
    received_at: datetime
    entry_id: RandomId
    log_index: int | None
    state: DestructionState
    shares: tuple[ShareShown, ...]


class ProjectDestructionShown(Value):
    """The destruction of a closed project and where it stands."""

    destruction_id: RandomId
    project_id: Slug
    permit_sha256: Sha256
    received_at: datetime
    state: DestructionState
    shares: tuple[ShareShown, ...]


def _shown(act: Act, destruction: Destruction) -> DestructionShown:
    return DestructionShown(
        destruction_id=destruction.id,
        project_id=destruction.project_id,
        provider_id=destruction.provider_id,
        submission_id=destruction.submission_id,
        statement_sha256=destruction.statement_sha256,
        received_at=destruction.received_at,
        entry_id=destruction.entry_id,
        log_index=leaf_of(act.session, destruction.entry_id),
        state=standing_of(act.session, destruction),
        shares=tuple(_share(act, share) for share in shares_of(act.session, destruction)),
    )


def _share(act: Act, share: Share) -> ShareShown:
    return ShareShown(
        role=share.role,
        settled_at=share.settled_at,
        code=share.code,
        entry_id=share.entry_id,
        log_index=leaf_of(act.session, share.entry_id),
    )


@router.post(
    "/submissions/{submission_id}/withdrawal",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.DELIVERY_WITHDRAW)],
    responses={HTTPStatus.OK: {"model": DestructionShown, "description": "Received before"}},
)
def withdraw_delivery(
    submission_id: str, body: DeliveryWithdrawalText, response: Response, here: Here, principal: Caller
) -> DestructionShown:
    """Take a delivery of your own back, for good: what came of it is destroyed, and certified."""
    with here.sessions.begin() as session:
        act = here.act(session, principal.id, principal.role)
        made, submission, new = actions.withdraw_delivery(act, submission_id, body.statement)
        shown, sealed_sha256 = _shown(act, made), submission.sealed_sha256
    # After the commit: a delivery that is not withdrawn in the end keeps its bytes.
    forget(here.settings.spool, sealed_sha256)
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return shown


@router.get("/destructions/{destruction_id}", dependencies=[may(Permission.DESTRUCTION_READ)])
def read_destruction(destruction_id: str, act: Viewing) -> DestructionShown:
    """Follow a destruction until both workers have certified it."""
    return _shown(act, actions.read_destruction(act, destruction_id))


@router.get(
    "/destructions/{destruction_id}/certificate",
    dependencies=[may(Permission.DESTRUCTION_READ)],
    response_class=Response,
    responses=ZIP,
)
def read_certificate(destruction_id: str, act: Viewing, here: Here) -> Response:
    """Fetch the certificate of a destruction: `tre-audit verify-certificate` holds it, offline."""
    destruction = actions.read_destruction(act, destruction_id, kind="certificate")
    check_destroyed(standing_of(act.session, destruction))
    return Response(
        certificate_bytes(act.session, destruction, certifying_keys(here.pins)),
        media_type="application/zip",
    )


@router.get("/projects/{project_id}/destruction", dependencies=[may(Permission.PROJECT_DESTRUCTION_READ)])
def read_project_destruction(project_id: str, act: Viewing) -> ProjectDestructionShown:
    """Follow the destruction of a closed project until every worker has certified it."""
    asked = actions.read_project_destruction(act, project_id)
    return ProjectDestructionShown(
        destruction_id=asked.id,
        project_id=asked.project_id,
        permit_sha256=asked.permit_sha256,
        received_at=asked.received_at,
        state=standing_of(act.session, asked),
        shares=tuple(_share(act, share) for share in shares_of(act.session, asked)),
    )


@router.get(
    "/projects/{project_id}/destruction/certificate",
    dependencies=[may(Permission.PROJECT_DESTRUCTION_READ)],
    response_class=Response,
    responses=ZIP,
)
def read_project_certificate(project_id: str, act: Viewing, here: Here) -> Response:
    """Fetch the certificate that a project is destroyed; its sealed deliveries are removed first."""
    asked = actions.read_project_destruction(act, project_id, kind="certificate")
    check_destroyed(standing_of(act.session, asked))
    sweep_withdrawn(here)
    return Response(
        certificate_bytes(act.session, asked, certifying_keys(here.pins)), media_type="application/zip"
    )


def certifying_keys(pins: Pins) -> dict[str, tuple[PublicKey, ...]]:
    """The pinned keys that workers certify with: those of their hand-overs, and the gate's of releases."""
    return {
        "linkage": pins.linkage.certifying_keys,
        "analysis": pins.analysis.certifying_keys,
        "gate": pins.release_keys,
    }
