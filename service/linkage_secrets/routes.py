"""The linkage secret's ceremony: posted sealed by the lead provider, fetched by each provider for itself."""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.contract.value import KeyCheck, Sha256, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.linkage_secrets import actions
from service.problems.linkage_secrets import EnvelopesDiffer
from service.web.surroundings import Here

router = APIRouter(prefix="/projects", tags=["linkage secrets"], route_class=SignedInRoute)
Sealed = Annotated[str, StringConstraints(min_length=1, max_length=8192, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
"""An age file in base64."""


class RosterShown(Value):
    """What the lead provider's tool compares with its pins before it seals anything."""

    permit: str
    """The compact JWS that governance signed."""
    governance_key: PublicKey
    recipients: dict[Slug, str]
    """The age recipient that is registered now for each provider."""


class CeremonyPosted(Value):
    """The lead provider's signed statement, and the secret sealed to each provider."""

    statement: Annotated[str, Field(min_length=1, max_length=1 << 19)]
    """The compact JWS of type `tre-linkage-secret+jws`."""
    envelopes: Annotated[dict[Slug, Sealed], Field(max_length=100)]


class CeremonyReceived(Value):
    """What was kept."""

    project_id: Slug
    secret_epoch: int
    key_check: KeyCheck
    statement_sha256: Sha256
    received_at: datetime


class EnvelopeShown(Value):
    """The statement, and the caller's own envelope."""

    statement: str
    envelope: str
    """The age file in base64."""


@router.get("/{project_id}/linkage-secret/roster", dependencies=[may(Permission.LINKAGE_SECRET_READ)])
def read_roster(project_id: str, act: Viewing) -> RosterShown:
    """Fetch the signed permit and the registered recipients; tre-provider checks them against your pins."""
    roster = actions.read_roster(act, project_id)
    return RosterShown(
        permit=roster.permit, governance_key=act.governance_key, recipients=dict(roster.recipients)
    )


@router.post(
    "/{project_id}/linkage-secret",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.LINKAGE_SECRET_CREATE)],
    responses={HTTPStatus.OK: {"model": CeremonyReceived, "description": "Received before; nothing changed"}},
)
def receive_secret(
    project_id: str, body: CeremonyPosted, act: Acting, response: Response
) -> CeremonyReceived:
    """Hand over the linkage secret, sealed to each provider by the lead one: tre-provider secret make."""
    made, new = actions.receive_secret(act, project_id, body.statement, _opened(body.envelopes))
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return CeremonyReceived(
        project_id=made.project_id,
        secret_epoch=made.secret_epoch,
        key_check=made.key_check,
        statement_sha256=made.statement_sha256,
        received_at=made.received_at,
    )


@router.get("/{project_id}/linkage-secret", dependencies=[may(Permission.LINKAGE_SECRET_READ)])
def read_envelope(project_id: str, act: Acting) -> EnvelopeShown:
    """Fetch the lead provider's statement and your own envelope: tre-provider secret fetch opens it."""
    made, sealed = actions.read_envelope(act, project_id)
    return EnvelopeShown(statement=made.statement, envelope=base64.b64encode(sealed).decode())


@router.get("/{project_id}/provider-file", dependencies=[may(Permission.PROVIDER_FILE_READ)])
def read_provider_file(project_id: str, act: Viewing, here: Here) -> ProjectFile:
    """Fetch the project file that tre-provider seals with. Compare its recipients with the printed pins."""
    return actions.read_provider_file(act, project_id, here.pins)


def _opened(envelopes: dict[str, str]) -> dict[str, bytes]:
    """The age files of their base64 texts."""
    try:
        return {provider: base64.b64decode(text, validate=True) for provider, text in envelopes.items()}
    except ValueError:
        raise EnvelopesDiffer from None
