"""Projects: opened by an operator with a permit that governance signed, read by their parties."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from linkage_engine.contract.permit import DataSetGrant, Permit, Role
from linkage_engine.contract.value import FieldName, ShortText, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.projects import actions

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


class ProjectShown(Value):
    """What the permit says, without keys."""

    project_id: Slug
    title: ShortText
    purpose: ShortText
    legal_basis: ShortText
    valid_from: date
    valid_to: date
    lead_provider: Slug
    parties: tuple[PartyShown, ...]
    data_sets: tuple[DataSetGrant, ...]
    templates: tuple[FieldName, ...]
    policy: Slug


def _shown(permit: Permit) -> ProjectShown:
    return ProjectShown(
        **permit.model_dump(include=set(ProjectShown.model_fields) - {"parties"}),
        parties=tuple(
            PartyShown(principal_id=party.principal_id, name=party.name, role=party.role)
            for party in permit.parties
        ),
    )


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[may(Permission.PROJECT_OPEN)])
def open_project(body: PermitText, act: Acting) -> ProjectShown:
    """Open a project with a permit that governance signed; every party has to be registered already."""
    return _shown(actions.open_project(act, body.permit))


@router.get("/{project_id}", dependencies=[may(Permission.PROJECT_READ)])
def read_project(project_id: str, act: Viewing) -> ProjectShown:
    """Read what a project's permit says, as one of its parties."""
    return _shown(actions.read_project(act, project_id))
