"""What a provider sees of its data in a project, and its veto of a release."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.statements import Tightening, Veto
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.linkage_runs.records import LinkageRun
from service.mirror.records import (
    PolicyTightening,
    ReleaseVeto,
    release_for,
    releases_with,
    runs_with,
    tightening_of,
    tightenings_of,
    veto_of,
)
from service.mirror.rules import check_can_be_vetoed, check_tightening, check_veto
from service.problems.mirror import TighteningRefused, VetoRefused
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.projects.actions import permit_for
from service.releases.records import Release
from service.signed import TextType, verified


@dataclass(frozen=True, slots=True)
class Mirror:
    """What was made of a provider's data in one project."""

    runs: Sequence[LinkageRun]
    releases: Sequence[Release]
    policy: str
    """The permit's."""
    tightenings: Sequence[PolicyTightening]


def read_mirror(act: Act, project_id: str) -> Mirror:
    """The linkage runs and releases that the caller's data are in; raises NotFound for no party."""
    permit = permit_for(act, project_id, live=False)
    act.enter(Action.MIRROR_READ, project_id, project=project_id)
    return Mirror(
        runs=runs_with(act.session, project_id, act.actor),
        releases=releases_with(act.session, project_id, act.actor),
        policy=permit.policy,
        tightenings=tightenings_of(act.session, project_id),
    )


def tighten(act: Act, project_id: str, text: str) -> PolicyTightening:
    """Have a project tell less from now on, for good; the same text again changes nothing.

    Raises NotFound for no party, and TighteningRefused.
    """
    permit = permit_for(act, project_id, live=False)
    said = _tightening(text, permit, act.actor)
    check_tightening(said, permit, act.actor)
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = tightening_of(act.session, project_id, digest)
    if known is not None:
        act.enter(Action.MIRROR_READ, project_id, project=project_id, kind="again")
        return known
    entry_id = act.enter(
        Action.POLICY_TIGHTEN,
        project_id,
        project=project_id,
        provider_id=act.actor,
        policy=said.policy,
        count=said.least_persons or 0,
        statement_sha256=digest,
    )
    made = PolicyTightening(
        project_id=project_id,
        tightening_sha256=digest,
        provider_id=act.actor,
        policy=said.policy,
        least_persons=said.least_persons,
        tightening=text,
        tightened_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(made)
    act.session.flush()
    return made


def _tightening(text: str, permit: Permit, provider_id: str) -> Tightening:
    party = permit.party(provider_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        return verified(text, (party.signing_key,), TextType.TIGHTENING, Tightening)
    except SignatureRefused:
        raise TighteningRefused from None


def veto_release(act: Act, release_id: str, text: str) -> ReleaseVeto:
    """Keep a release from leaving; the same veto again changes nothing.

    Raises NotFound for a release that the caller's data are not in, VetoRefused, TooLateToVeto.
    """
    release = release_for(act.session, release_id, act.actor)
    if release is None or release not in releases_with(act.session, release.project_id, act.actor):
        raise NotFound
    permit = permit_for(act, release.project_id, live=False)
    veto = _veto(text, permit, act.actor)
    check_veto(veto, release_id=release_id, project_id=release.project_id, provider_id=act.actor)
    known = veto_of(act.session, release_id, act.actor)
    if known is not None:
        act.enter(Action.MIRROR_READ, release_id, project=release.project_id, kind="again")
        return known
    check_can_be_vetoed(release.state)
    digest = hashlib.sha256(text.encode()).hexdigest()
    entry_id = act.enter(
        Action.RELEASE_VETO,
        release_id,
        project=release.project_id,
        outcome=Outcome.REFUSED,
        provider_id=act.actor,
        statement_sha256=digest,
    )
    made = ReleaseVeto(
        release_id=release_id,
        provider_id=act.actor,
        veto=text,
        veto_sha256=digest,
        reason=veto.reason,
        vetoed_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(made)
    act.session.flush()
    return made


def _veto(text: str, permit: Permit, provider_id: str) -> Veto:
    party = permit.party(provider_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        return verified(text, (party.signing_key,), TextType.VETO, Veto)
    except SignatureRefused:
        raise VetoRefused from None
