"""Which questions may be asked, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.statements import SignedQuestion
from service.problems import OutsideThePermit, QuestionRefused, SpecificationInvalid


class QueryState(StrEnum):
    """Where a query stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    """The gate has the exact answer; nothing of it is out."""
    CONTROLLED = "controlled"
    """Output checkers have it: see the release."""
    FAILED = "failed"


class QueryEvent(StrEnum):
    """What happens to a query."""

    ANSWERED = "answered"
    CONTROLLED = "controlled"
    FAILED = "failed"


TRANSITIONS: Mapping[tuple[QueryState, QueryEvent], QueryState] = {
    (QueryState.ASKED, QueryEvent.ANSWERED): QueryState.ANSWERED,
    (QueryState.ASKED, QueryEvent.FAILED): QueryState.FAILED,
    (QueryState.ANSWERED, QueryEvent.CONTROLLED): QueryState.CONTROLLED,
    (QueryState.ANSWERED, QueryEvent.FAILED): QueryState.FAILED,
}
"""Every change there is; any other event changes nothing, so that a job may come twice."""


def next_state(state: QueryState, event: QueryEvent) -> QueryState | None:
    """The state after an event, or nothing when it changes nothing."""
    return TRANSITIONS.get((state, event))


def check_asked_by(question: SignedQuestion, permit: Permit, caller_id: str) -> None:
    """Raise QuestionRefused unless the caller asks, about the project of the address."""
    if (question.asked_by, question.specification.project_id) != (caller_id, permit.project_id):
        raise QuestionRefused


def check_in_permit(specification: QuerySpec, permit: Permit) -> None:
    """Raise OutsideThePermit unless the permit names the template."""
    if specification.template not in permit.templates:
        raise OutsideThePermit(template=specification.template)


def check_in_catalogue(
    specification: QuerySpec, *, groups: Collection[str], bandings: Collection[str]
) -> None:
    """Raise SpecificationInvalid unless every name of the question is one of the catalogue."""
    asked = specification.parameters.tumour_groups or ()
    faults = [
        {"pointer": f"/specification/parameters/tumour_groups/{place}", "code": "not-in-catalogue"}
        for place, name in enumerate(asked)
        if name not in groups
    ]
    if len(set(asked)) != len(asked):
        faults.append({"pointer": "/specification/parameters/tumour_groups", "code": "same-group-twice"})
    if specification.parameters.age_bands not in bandings:
        faults.append({"pointer": "/specification/parameters/age_bands", "code": "not-in-catalogue"})
    if faults:
        raise SpecificationInvalid(faults=faults)
