"""Opening a project with a signed permit, amending it with the next, and reading it."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from linkage_engine.contract.permit import Permit, PublicKey
from service.access.records import principal_by_id
from service.act import Act
from service.audit.vocabulary import Action
from service.jobs import Job
from service.problems.projects import PermitRefused, ProjectExists, SecondPersonNeeded
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.projects.amendments import check_amendment, check_closing, digest_of
from service.projects.overlaps import Overlap, overlaps
from service.projects.records import (
    PermitVersion,
    PermitWarning,
    Project,
    ProjectDestruction,
    ProjectParty,
    all_projects,
    parties_of,
    project_by_id,
    visible_permit,
    was_warned,
)
from service.projects.rules import Registered, check_live, check_permit, check_standing
from service.projects.warnings import Warned, due
from service.signed import TextType, verified

FIRST = 1
SHREDDERS = (Job.SHRED_PROJECT_HISTORY, Job.SHRED_PROJECT_PAYLOAD, Job.SHRED_PROJECT_IDENTIFIERS)


def open_project(act: Act, permit_text: str) -> Permit:
    """Open the project of a permit that governance signed.

    Raises PermitRefused, SecondPersonNeeded or ProjectExists.
    """
    permit = permit_of(permit_text, act.governance_key)
    check_permit(permit, _registered(act, permit))
    if permit.amends is not None or permit.sequence != FIRST:
        raise PermitRefused(faults=[{"pointer": "/sequence", "code": "not-the-first"}])
    if project_by_id(act.session, permit.project_id) is not None:
        raise ProjectExists
    digest = digest_of(permit_text)
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
    _keep_version(act, permit, permit_text)
    act.session.add_all(_party_rows(permit))
    act.enter(Action.PROJECT_OPEN, permit.project_id, project=permit.project_id, permit_sha256=digest)
    _enter_overlaps(act, permit)
    return permit


def amend_project(act: Act, project_id: str, permit_text: str) -> Permit:
    """Put the next permit of a project in force; the one in force again changes nothing.

    Raises PermitRefused, AmendmentRefused or SecondPersonNeeded, and leaves the permit in force then.
    """
    before = permit_for(act, project_id, live=False)
    project = project_by_id(act.session, project_id)
    assert project is not None  # its permit was found
    permit, digest = permit_of(permit_text, act.governance_key), digest_of(permit_text)
    if digest == project.permit_sha256:
        entry_id = act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="again")
        if permit.closed_on is not None:  # a worker may have failed
            _have_destroyed(act, project_id, digest, entry_id)
        return permit
    check_amendment(before, project.permit_sha256, permit)
    check_closing(permit, act.clock().date())
    if permit.closed_on is None:  # a project can be closed whoever has left since
        check_permit(permit, _registered(act, permit))
    project.title, project.permit, project.permit_sha256 = permit.title, permit_text, digest
    project.valid_from, project.valid_to = permit.valid_from, permit.valid_to
    _keep_version(act, permit, permit_text)
    _change_parties(act, permit)
    entry_id = act.enter(
        Action.PROJECT_CLOSE if permit.closed_on else Action.PROJECT_AMEND,
        project_id,
        project=project_id,
        permit_sha256=digest,
        version=permit.sequence,
        secret_epoch=permit.secret_epoch,
        policy=permit.policy,
    )
    if permit.closed_on is not None:
        _have_destroyed(act, project_id, digest, entry_id)
    _enter_overlaps(act, permit)
    return permit


def _have_destroyed(act: Act, project_id: str, permit_sha256: str, entry_id: str) -> None:
    """Each worker is to destroy what it keeps of a closed project."""
    made = ProjectDestruction(
        id=act.new_id(),
        project_id=project_id,
        permit_sha256=permit_sha256,
        received_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(made)
    act.session.flush()
    for job in SHREDDERS:
        act.enqueue(job, made.id)


def overlaps_of(act: Act, permit: Permit) -> tuple[Overlap, ...]:
    """What the project shares with others; another's permit that governance did not sign says nothing."""
    others: list[Permit] = []
    for project in all_projects(act.session):
        with suppress(PermitRefused):
            others.append(permit_of(project.permit, act.governance_key))
    return overlaps(permit, others)


def _enter_overlaps(act: Act, permit: Permit) -> None:
    for one in overlaps_of(act, permit):
        act.enter(
            Action.PROJECT_OVERLAP,
            one.project_id,
            project=permit.project_id,
            count=len(one.people),
            parts=len(one.data_sets),
        )


def unwarned(act: Act, permit: Permit) -> list[Warned]:
    """What of a permit is about to end and is not in the log yet."""
    found = due(permit, act.clock().date())
    return [one for one in found if not was_warned(act.session, permit.project_id, one)]


def enter_warnings(act: Act, permit: Permit) -> None:
    """Enter what of a permit is about to end, each once for each period."""
    for one in unwarned(act, permit):
        ending = one.ending
        act.session.add(
            PermitWarning(
                project_id=permit.project_id,
                kind=ending.kind,
                subject=ending.subject,
                valid_to=ending.valid_to,
                within=one.within,
            )
        )
        act.enter(
            Action.PERMIT_WARN,
            ending.subject.partition(":")[0],
            project=permit.project_id,
            kind=ending.kind.value,
            count=one.within,
        )
    act.session.flush()


def enter_all_warnings(act: Act) -> None:
    """Enter what is about to end of every permit that governance signed."""
    for project in all_projects(act.session):
        with suppress(PermitRefused):
            enter_warnings(act, permit_of(project.permit, act.governance_key))


def _registered(act: Act, permit: Permit) -> dict[str, Registered]:
    """What is registered of the permit's parties that are not revoked."""
    found = (principal_by_id(act.session, party.principal_id) for party in permit.parties)
    return {
        one.id: (one.role, one.signing_key, one.age_recipient, one.person)
        for one in found
        if one and one.active
    }


def _keep_version(act: Act, permit: Permit, text: str) -> None:
    bringer = principal_by_id(act.session, act.actor)
    assert bringer is not None  # signed in
    if bringer.person == permit.signed_by:
        raise SecondPersonNeeded
    act.session.add(
        PermitVersion(
            project_id=permit.project_id,
            sequence=permit.sequence,
            permit=text,
            permit_sha256=digest_of(text),
            brought_by=bringer.id,
            brought_by_person=bringer.person,
            signed_by_person=permit.signed_by,
            brought_at=act.clock(),
        )
    )
    act.session.flush()


def _party_rows(permit: Permit) -> list[ProjectParty]:
    return [
        ProjectParty(project_id=permit.project_id, principal_id=party.principal_id, role=party.role)
        for party in permit.parties
    ]


def _change_parties(act: Act, permit: Permit) -> None:
    """Whom the permit names sees the project, and nobody else; nobody at all once it is closed."""
    named = () if permit.closed_on else permit.parties
    names = {party.principal_id for party in named}
    there = {row.principal_id: row for row in parties_of(act.session, permit.project_id)}
    for name, row in there.items():
        if name not in names:
            act.session.delete(row)
    new = names - there.keys()
    act.session.add_all(row for row in _party_rows(permit) if row.principal_id in new)
    act.session.flush()


@lru_cache(maxsize=128)  # the same text under the same key is verified once: every request on a project asks
def permit_of(text: str, governance_key: PublicKey) -> Permit:
    """The permit of a text that governance signed; raises PermitRefused for any other."""
    try:
        return verified(text, (governance_key,), TextType.PERMIT, Permit)
    except SignatureRefused:
        raise PermitRefused from None


def permit_for(act: Act, project_id: str, *, live: bool) -> Permit:
    """The permit of a project that the caller may see; raises NotFound.

    With `live` PermitNotLive, GrantNotLive or StandingNotLive too: nothing is begun on what has run out.
    """
    assert act.role is not None
    text = visible_permit(act.session, project_id, act.actor, act.role)
    if text is None:
        raise NotFound
    permit = permit_of(text, act.governance_key)
    if live:
        check_live(permit, act.clock().date())
        check_standing(permit, act.actor, act.clock().date())
    return permit


def read_project(act: Act, project_id: str) -> Permit:
    """The permit of a project, for its parties."""
    permit = permit_for(act, project_id, live=False)
    act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="permit")
    return permit


def read_permit(act: Act, project_id: str) -> str:
    """The signed text of the permit in force."""
    permit_for(act, project_id, live=False)
    project = project_by_id(act.session, project_id)
    assert project is not None  # its permit was found
    act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="permit-text")
    return project.permit
