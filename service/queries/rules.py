"""Which questions may be asked, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from linkage_engine.contract.limits import Limits
from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.preflight import off_the_calendar
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.contract.refusals import TOLD_TO_RESEARCHERS
from linkage_engine.contract.statements import SignedQuestion
from service.audit.vocabulary import Action
from service.jobs import Job
from service.problems.results import (
    NotAnswered,
    OutsideThePermit,
    QuestionRefused,
    QuotaUsed,
    SpecificationInvalid,
)
from service.signed import TextType


class QueryKind(StrEnum):
    """What a question is asked for; the audit log calls its acts by it."""

    QUERY = "query"
    """Its answer, through output checkers."""
    PREFLIGHT = "preflight"
    """How many cells of the answer would be hidden."""


@dataclass(frozen=True)
class Way:
    """How a kind of question is signed, and its jobs: at the analysis worker, then at the gate."""

    signed_as: TextType
    counted_by: Job
    controlled_by: Job


WAYS: Mapping[QueryKind, Way] = {
    QueryKind.QUERY: Way(TextType.QUESTION, Job.ANSWER, Job.CONTROL),
    QueryKind.PREFLIGHT: Way(TextType.PREFLIGHT, Job.COUNT_POPULATIONS, Job.FORESEE),
}


def entered_as(kind: QueryKind, act: Literal["ask", "answer", "fail", "read"]) -> Action:
    """What an act on a question of a kind is called in the log."""
    return Action(f"{kind.value}:{act}")


class QueryState(StrEnum):
    """Where a query stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    """The gate has the exact answer; nothing of it is out."""
    CONTROLLED = "controlled"
    """Output checkers have it: see the release. Of a pre-flight: its figures are there."""
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


SEE_WHY = frozenset({Role.OUTPUT_CHECKER, Role.AUDIT_REVIEWER})
"""Roles that are told why disclosure control did not answer."""


def code_for(role: Role, code: str | None) -> str | None:
    """Why a query failed, as somebody in a role is told; a reason that is withheld is `NotAnswered`."""
    if code is None or role in SEE_WHY or code in TOLD_TO_RESEARCHERS:
        return code
    return NotAnswered.slug


def day_begun(now: datetime) -> datetime:
    """When the day began for which questions are counted: midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date(), time.min, UTC)


def check_quota(asked_today: int, limits: Limits, now: datetime) -> None:
    """Raise QuotaUsed unless the project may ask one more question today."""
    if asked_today >= limits.queries_per_day:
        again = day_begun(now) + timedelta(days=1)
        raise QuotaUsed(
            queries_per_day=limits.queries_per_day,
            retry_after_seconds=int((again - now).total_seconds()) + 1,
        )


NAME_A_PART = ("tumour_groups", "areas")
"""Parameters that keep a part of a breakdown: filters, in the words of policies."""


def check_in_limits(specification: QuerySpec, limits: Limits) -> None:
    """Raise SpecificationInvalid where the policy allows fewer breakdowns, or fewer named in part."""
    asked = specification.parameters
    filters = sum(getattr(asked, name, None) is not None for name in NAME_A_PART)
    over = {
        "/specification/breakdowns": specification.crossed > limits.dims,
        "/specification/parameters": filters > limits.filters,
    }
    if any(over.values()):
        raise SpecificationInvalid(
            faults=[{"pointer": at, "code": "more-than-the-policy-allows"} for at in over if over[at]]
        )


def check_on_calendar(specification: QuerySpec) -> None:
    """Raise SpecificationInvalid where a pre-flight's dates are not those of whole years."""
    faults = [
        {"pointer": f"/specification/parameters/{name}", "code": "not-a-whole-year"}
        for name in off_the_calendar(specification)
    ]
    if faults:
        raise SpecificationInvalid(faults=faults)


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
