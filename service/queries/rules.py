"""Which questions may be asked, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.statements import SignedQuestion
from service.problems.results import OutsideThePermit, QuestionRefused, SpecificationInvalid


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


def check_in_catalogue(specification: QuerySpec, *, known: Mapping[str, Collection[str]]) -> None:
    """Raise SpecificationInvalid unless every name of the question is one of the catalogue.

    `known` has the names that each parameter may take; a parameter that the question's template
    lacks, or that was left out, is passed over.
    """
    faults = [
        fault
        for parameter, names in known.items()
        if (asked := getattr(specification.parameters, parameter, None)) is not None
        for fault in _faults(f"/specification/parameters/{parameter}", asked, names)
    ]
    if faults:
        raise SpecificationInvalid(faults=faults)


def _faults(pointer: str, asked: str | tuple[str, ...], names: Collection[str]) -> list[dict[str, str]]:
    """What is wrong with one parameter: a name, or several of which each may stand once."""
    if isinstance(asked, str):
        return [] if asked in names else [{"pointer": pointer, "code": "not-in-catalogue"}]
    faults = [
        {"pointer": f"{pointer}/{place}", "code": "not-in-catalogue"}
        for place, name in enumerate(asked)
        if name not in names
    ]
    if len(set(asked)) != len(asked):
        faults.append({"pointer": pointer, "code": "same-name-twice"})
    return faults
