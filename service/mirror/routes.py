"""The provider's mirror: which runs and releases its data are in, and its veto before one leaves."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from linkage_engine.contract.value import RandomId, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.audit.log import proof_for
from service.audit.records import leaf_of
from service.linkage_runs.rules import RunState
from service.mirror import actions
from service.mirror.records import PolicyTightening, ReleaseVeto, vetoes_on
from service.releases.records import Release
from service.releases.rules import ReleaseState

router = APIRouter(tags=["mirror"], route_class=SignedInRoute)


class RunMirrored(Value):
    """A linkage run that a delivery of yours was in."""

    run_id: RandomId
    state: RunState
    asked_at: datetime


class ReleaseMirrored(Value):
    """A release that your data are in; no number of it."""

    release_id: RandomId
    state: ReleaseState
    opened_at: datetime
    vetoed: bool
    """By whichever provider."""
    entry_id: RandomId | None
    """The log entry of its signing."""
    log_index: int | None
    receipt: str | None
    """The proof that the log has the signing (C2SP tlog-proof), once it is under a checkpoint."""


class TighteningShown(Value):
    """What a provider asked for beyond the permit; workers hold the project to the strictest of all."""

    provider_id: Slug
    policy: Slug
    least_persons: int | None
    tightened_at: datetime
    entry_id: RandomId
    log_index: int | None


class TighteningText(Value):
    """A tightening as its provider signed it."""

    tightening: Annotated[str, Field(min_length=1, max_length=1 << 14)]
    """The compact JWS of type `tre-tightening+jws`."""


class MirrorShown(Value):
    """What was made of your data in one project, the newest first, at most 200 of each."""

    project_id: Slug
    runs: tuple[RunMirrored, ...]
    releases: tuple[ReleaseMirrored, ...]
    policy: Slug
    """The permit's policy for disclosure control."""
    tightenings: tuple[TighteningShown, ...]
    """By whichever provider, the oldest first."""


class VetoText(Value):
    """A veto as its provider signed it."""

    veto: Annotated[str, Field(min_length=1, max_length=1 << 14)]
    """The compact JWS of type `tre-veto+jws`."""


class VetoShown(Value):
    """A veto that stands: the gate does not sign the release."""

    release_id: RandomId
    provider_id: Slug
    vetoed_at: datetime
    entry_id: RandomId
    log_index: int | None


@router.get("/projects/{project_id}/mirror", dependencies=[may(Permission.MIRROR_READ)])
def read_mirror(project_id: str, act: Viewing) -> MirrorShown:
    """Read which linkage runs and releases of a project your data are in."""
    mirror = actions.read_mirror(act, project_id)
    return MirrorShown(
        project_id=project_id,
        runs=tuple(RunMirrored(run_id=run.id, state=run.state, asked_at=run.asked_at) for run in mirror.runs),
        releases=tuple(_release(act, release) for release in mirror.releases),
        policy=mirror.policy,
        tightenings=tuple(_tightening(act, each) for each in mirror.tightenings),
    )


def _tightening(act: Acting, made: PolicyTightening) -> TighteningShown:
    return TighteningShown(
        provider_id=made.provider_id,
        policy=made.policy,
        least_persons=made.least_persons,
        tightened_at=made.tightened_at,
        entry_id=made.entry_id,
        log_index=leaf_of(act.session, made.entry_id),
    )


@router.post(
    "/projects/{project_id}/tightenings",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.POLICY_TIGHTEN)],
)
def tighten(project_id: str, body: TighteningText, act: Acting) -> TighteningShown:
    """Have a project that your data are in tell less, from the next table on and for good."""
    return _tightening(act, actions.tighten(act, project_id, body.tightening))


def _release(act: Acting, release: Release) -> ReleaseMirrored:
    proof = proof_for(act.session, release.entry_id) if release.entry_id else None
    return ReleaseMirrored(
        release_id=release.id,
        state=release.state,
        opened_at=release.opened_at,
        vetoed=bool(vetoes_on(act.session, release.id)),
        entry_id=release.entry_id,
        log_index=leaf_of(act.session, release.entry_id) if release.entry_id else None,
        receipt=proof.to_text() if proof else None,
    )


@router.post(
    "/releases/{release_id}/vetoes",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.RELEASE_VETO)],
)
def veto_release(release_id: str, body: VetoText, act: Acting) -> VetoShown:
    """Keep a release that your data are in from leaving; the gate looks at your signature before it signs."""
    return _veto(act, actions.veto_release(act, release_id, body.veto))


def _veto(act: Acting, veto: ReleaseVeto) -> VetoShown:
    return VetoShown(
        release_id=veto.release_id,
        provider_id=veto.provider_id,
        vetoed_at=veto.vetoed_at,
        entry_id=veto.entry_id,
        log_index=leaf_of(act.session, veto.entry_id),
    )
