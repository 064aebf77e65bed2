"""Releases: decided by two output checkers, fetched by the researcher who asked."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from linkage_engine.contract.controlled_table import PublishedRecord
from linkage_engine.contract.statements import Verdict
from linkage_engine.contract.value import RandomId, Sha256, ShortText, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.audit.records import leaf_of
from service.destructions.records import destructions_under
from service.queries.records import asked_at
from service.releases import actions, rules
from service.releases.records import Release, decisions_on
from service.releases.rules import ReleaseState
from service.web.surroundings import Here

router = APIRouter(prefix="/releases", tags=["releases"], route_class=SignedInRoute)
SEALED = "application/octet-stream"
ZIP = "application/zip"


def _bytes_of(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


class DecisionText(Value):
    """A decision as its output checker signed it."""

    decision: Annotated[str, Field(min_length=1, max_length=1 << 14)]
    """The compact JWS of type `tre-decision+jws`."""


class DecisionShown(Value):
    """What an output checker decided."""

    checker_id: Slug
    verdict: Verdict
    reason: ShortText
    decision_sha256: Sha256
    decided_at: datetime


class ReleaseShown(Value):
    """A release and where it stands; what the caller may not see is null."""

    release_id: RandomId
    project_id: Slug
    query_id: RandomId
    state: ReleaseState
    opened_at: datetime
    decisions_made: int
    awaits_you: bool
    record: PublishedRecord | None
    """What disclosure control did, and what the project's history came to."""
    decisions: tuple[DecisionShown, ...] | None
    entry_id: RandomId | None
    """The log entry of its signing."""
    log_index: int | None
    code: str | None
    """Why the gate did not sign."""
    withdrawn_data: bool
    """Whether a delivery that it may be made of was withdrawn since: do not build on it."""


def _shown(act: Acting, release: Release) -> ReleaseShown:
    assert act.role is not None
    decisions = decisions_on(act.session, release.id)
    decided = {decision.checker_id for decision in decisions}
    return ReleaseShown(
        release_id=release.id,
        project_id=release.project_id,
        query_id=release.id,
        state=release.state,
        opened_at=release.opened_at,
        decisions_made=len(decisions),
        awaits_you=rules.awaits(act.role, act.actor, state=release.state, decided=decided),
        record=(
            PublishedRecord.model_validate(release.record)
            if rules.sees_record(act.role, release.state)
            else None
        ),
        decisions=(
            tuple(
                DecisionShown(
                    checker_id=d.checker_id,
                    verdict=d.verdict,
                    reason=d.reason,
                    decision_sha256=d.decision_sha256,
                    decided_at=d.decided_at,
                )
                for d in decisions
            )
            if rules.sees_decisions(act.role, release.state)
            else None
        ),
        entry_id=release.entry_id,
        log_index=leaf_of(act.session, release.entry_id) if release.entry_id else None,
        code=release.code,
        withdrawn_data=bool(
            destructions_under(act.session, release.project_id, asked_at(act.session, release.id))
        ),
    )


@router.get("", dependencies=[may(Permission.RELEASE_READ)])
def list_releases(act: Viewing) -> list[ReleaseShown]:
    """List the releases that concern you, at most 200: first those that await you, then the newest."""
    return [_shown(act, release) for release in actions.list_releases(act)]


@router.get("/{release_id}", dependencies=[may(Permission.RELEASE_READ)])
def read_release(release_id: str, act: Viewing) -> ReleaseShown:
    """Follow a release."""
    return _shown(act, actions.read_release(act, release_id))


@router.get(
    "/{release_id}/evidence",
    dependencies=[may(Permission.EVIDENCE_READ)],
    response_class=Response,
    responses=_bytes_of(SEALED, "The evidence, sealed to your age key"),
)
def read_evidence(release_id: str, act: Acting, here: Here) -> Response:
    """Fetch the evidence that the gate sealed to you; only tre-checker with your key opens it."""
    return Response(actions.read_evidence(act, release_id, here.settings.spool), media_type=SEALED)


@router.post(
    "/{release_id}/decisions",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.RELEASE_DECIDE)],
)
def decide(release_id: str, body: DecisionText, act: Acting) -> ReleaseShown:
    """Decide on the evidence that you opened; two approvals release, one refusal ends it."""
    return _shown(act, actions.decide(act, release_id, body.decision))


@router.get(
    "/{release_id}/package",
    dependencies=[may(Permission.PACKAGE_READ)],
    response_class=Response,
    responses=_bytes_of(ZIP, "The released files, the gate's signature and the log's proof"),
)
def read_package(release_id: str, act: Acting, here: Here) -> Response:
    """Fetch a signed release: its files with a signature and a proof that verify offline."""
    package = actions.read_package(act, release_id, here.settings.spool, here.pins.release_keys)
    return Response(package, media_type=ZIP)
