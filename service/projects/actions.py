"""Opening a project with a signed permit, and reading it."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from linkage_engine.contract.permit import Permit, PublicKey
from service.access.records import principal_by_id
from service.act import Act
from service.audit.vocabulary import Action
from service.problems.projects import PermitRefused, ProjectExists
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.projects.records import Project, ProjectParty, project_by_id, visible_project
from service.projects.rules import check_live, check_permit
from service.signed import TextType, verified


def open_project(act: Act, permit_text: str) -> Permit:
    """Open the project of a permit that governance signed; raises PermitRefused or ProjectExists."""
    permit = permit_of(permit_text, act.governance_key)
    check_permit(
        permit,
        {
            principal.id: (principal.role, principal.signing_key, principal.age_recipient)
            for party in permit.parties
            if (principal := principal_by_id(act.session, party.principal_id)) and principal.active
        },
    )
    if project_by_id(act.session, permit.project_id) is not None:
        raise ProjectExists
    digest = hashlib.sha256(permit_text.encode()).hexdigest()
    act.session.add(
        Project(
            id=permit.project_id,
            title=permit.title,
            permit=permit_text,
            permit_sha256=digest,
            valid_from=permit.valid_from,
            valid_to=permit.valid_to,
            opened_at=act.clock(),
        )
    )
    act.session.flush()
    act.session.add_all(
        ProjectParty(project_id=permit.project_id, principal_id=party.principal_id, role=party.role)
        for party in permit.parties
    )
    act.enter(Action.PROJECT_OPEN, permit.project_id, project=permit.project_id, permit_sha256=digest)
    return permit


@lru_cache(maxsize=128)  # the same text under the same key is verified once: every request on a project asks
def permit_of(text: str, governance_key: PublicKey) -> Permit:
    """The permit of a text that governance signed; raises PermitRefused for any other."""
    try:
        return verified(text, (governance_key,), TextType.PERMIT, Permit)
    except SignatureRefused:
        raise PermitRefused from None


def permit_for(act: Act, project_id: str, *, live: bool) -> Permit:
    """The permit of a project that the caller may see; raises NotFound, or PermitNotLive where it must be."""
    assert act.role is not None
    project = visible_project(act.session, project_id, act.actor, act.role)
    if project is None:
        raise NotFound
    permit = permit_of(project.permit, act.governance_key)
    if live:
        check_live(permit, act.clock().date())
    return permit


def read_project(act: Act, project_id: str) -> Permit:
    """The permit of a project, for its parties."""
    permit = permit_for(act, project_id, live=False)
    act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="permit")
    return permit
