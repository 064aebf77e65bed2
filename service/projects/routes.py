"""Projects: opened by an operator with a permit that governance signed, read by their parties."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from linkage_engine.contract.permit import DataSetGrant, Party, Permit, Role
from linkage_engine.contract.permit_parts import Classification, EndKind, LegalBasis, OptOuts, Standing
from linkage_engine.contract.value import FieldName, ShortText, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import SERVICE_ROLES, Permission
from service.act import Act
from service.projects import actions
from service.projects.warnings import Warned, due
from service.web.surroundings import Here, Surroundings

router = APIRouter(prefix="/projects", tags=["projects"], route_class=SignedInRoute)


class PermitText(Value):
    """A permit as governance signed it."""

    permit: Annotated[str, Field(min_length=1, max_length=1 << 19)]
    """The compact JWS of type `tre-permit+jws`."""


class PartyShown(Value):
    """Somebody that the permit names."""

    principal_id: Slug
    name: ShortText
    role: Role
    person_id: Slug
    accreditation: Standing | None
    training: Standing | None


class DataSetShown(Value):
    """What one provider may send, and on whose grant; of permits of version 1 no grant is known."""

    provider_id: Slug
    data_set: FieldName
    controller: ShortText | None = None
    classification: Classification | None = None
    opt_outs: OptOuts | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class EndingShown(Value):
    """Something that ends within sixty days, or has ended: nothing runs then that needs it."""

    kind: EndKind
    subject: str
    """The project, the principal, or `provider:data_set`."""
    valid_to: date
    days_left: int
    """Negative when it is over."""


class OverlapShown(Value):
    """Another project with some of the same persons or data sets."""

    project_id: Slug
    people: tuple[Slug, ...]
    data_sets: tuple[str, ...]


class ProjectShown(Value):
    """What the permit says, without keys."""

    project_id: Slug
    sequence: int
    """1 for the first permit, one more for each amendment."""
    secret_epoch: int
    title: ShortText
    purpose: ShortText
    public_benefit: ShortText | None
    legal_basis: LegalBasis | ShortText
    intended_outputs: tuple[ShortText, ...]
    signed_by: Slug | None
    closed_on: date | None
    valid_from: date
    valid_to: date
    lead_provider: Slug
    parties: tuple[PartyShown, ...]
    data_sets: tuple[DataSetShown, ...]
    templates: tuple[FieldName, ...]
    policy: Slug
    ends_soon: tuple[EndingShown, ...]
    shares_with: tuple[OverlapShown, ...] | None
    """For operators and reviewers; null for others."""


def _shown(act: Acting, permit: Permit) -> ProjectShown:
    return ProjectShown(
        ends_soon=tuple(_ending(one) for one in due(permit, act.clock().date())),
        shares_with=_overlaps(act, permit) if act.role in SERVICE_ROLES else None,
        **permit.model_dump(include=set(ProjectShown.model_fields) - {"parties", "data_sets"}),
        parties=tuple(_party(party) for party in permit.parties),
        data_sets=tuple(_data_set(each) for each in permit.data_sets),
    )


def _ending(one: Warned) -> EndingShown:
    ending = one.ending
    return EndingShown(
        kind=ending.kind, subject=ending.subject, valid_to=ending.valid_to, days_left=one.days_left
    )


def _overlaps(act: Acting, permit: Permit) -> tuple[OverlapShown, ...]:
    return tuple(
        OverlapShown(project_id=one.project_id, people=one.people, data_sets=one.data_sets)
        for one in actions.overlaps_of(act, permit)
    )


def _party(party: Party) -> PartyShown:
    return PartyShown(
        principal_id=party.principal_id,
        name=party.name,
        role=party.role,
        person_id=party.person,
        accreditation=party.accreditation,
        training=party.training,
    )


def _data_set(each: DataSetGrant) -> DataSetShown:
    if each.granted is None:
        return DataSetShown(provider_id=each.provider_id, data_set=each.data_set)
    terms = each.granted.terms
    return DataSetShown(
        controller=each.granted.controller, **terms.model_dump(exclude={"grant", "project_id"})
    )


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[may(Permission.PROJECT_OPEN)])
def open_project(body: PermitText, act: Acting) -> ProjectShown:
    """Open a project with a permit that governance signed; every party has to be registered already."""
    return _shown(act, actions.open_project(act, body.permit))


@router.post(
    "/{project_id}/amendments",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.PROJECT_AMEND)],
)
def amend_project(project_id: str, body: PermitText, act: Acting) -> ProjectShown:
    """Put the next permit of a project in force: governance signed it over the digest of the one before."""
    return _shown(act, actions.amend_project(act, project_id, body.permit))


@router.get("/{project_id}/permit", dependencies=[may(Permission.PERMIT_READ)])
def read_permit(project_id: str, act: Viewing) -> PermitText:
    """Read the signed permit in force, which the next one is drawn up from."""
    return PermitText(permit=actions.read_permit(act, project_id))


@router.get("/{project_id}", dependencies=[may(Permission.PROJECT_READ)])
def read_project(project_id: str, act: Viewing, here: Here) -> ProjectShown:
    """Read what a project's permit says, as one of its parties."""
    permit = actions.read_project(act, project_id)
    _warn_once(act, permit, here)
    return _shown(act, permit)


def _warn_once(act: Act, permit: Permit, here: Surroundings) -> None:
    """Enter what is about to end, and remember that this was done of this permit today."""
    today = (permit.sequence, act.clock().date())
    if here.warned.get(permit.project_id) == today:
        return
    if actions.unwarned(act, permit):
        with here.sessions.begin() as session:
            actions.enter_warnings(here.act(session, act.actor, act.role), permit)
    here.warned[permit.project_id] = today
