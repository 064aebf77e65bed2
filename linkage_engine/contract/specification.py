"""The words that questions are made of: dimensions, kinds of events, days, names of groups and areas."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field, StringConstraints, field_validator

from linkage_engine.contract.value import FieldName, Slug, Value

Item = TypeVar("Item")


class Breakdown(StrEnum):
    """A dimension of the answer."""

    TUMOUR_GROUP = "tumour_group"
    SEX = "sex"
    AGE_BAND = "age_band"
    AREA = "area"
    """Integrated care board."""
    ETHNIC_GROUP = "ethnic_group"
    DEPRIVATION = "deprivation"
    """Of the area of residence, in fifths of England."""
    PERIOD = "period"
    """A month or quarter, counted from the day of diagnosis."""
    STAGE = "stage"
    """Of the tumour at its diagnosis."""
    ORGANISATION = "organisation"
    """The trust that tells of a person's care."""


class EventKind(StrEnum):
    """What happens to people and is counted in a window; the catalogue says by which codes."""

    EMERGENCY_ADMISSION = "emergency_admission"
    EMERGENCY_ATTENDANCE = "emergency_attendance"
    ELECTIVE_ADMISSION = "elective_admission"
    DAY_CASE = "day_case"
    OUTPATIENT_ATTENDANCE = "outpatient_attendance"
    GP_CONSULTATION = "gp_consultation"
    COMMUNITY_CONTACT = "community_contact"
    CARE_REQUEST = "care_request"
    CARE_ASSESSMENT = "care_assessment"
    CARE_SERVICE = "care_service"
    CARE_REVIEW = "care_review"
    CARE_HOME = "care_home"
    """Long-term support in a residential or nursing home."""


TumourGroupNames: TypeAlias = Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=60)]
AreaCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{8}$")]
"""A code of the Government Statistical Service."""
Day: TypeAlias = Annotated[date, Field(ge=date(1971, 1, 1), le=date(2100, 12, 31))]


Linkage: TypeAlias = Literal["strict", "primary", "lenient"]
"""Which of the three link ids, each within the next, says who is one person."""


class Specification(Value):
    """What every question has."""

    specification: Literal[1] = 1
    project_id: Slug
    linkage: Annotated[Linkage, Field(exclude_if=lambda linkage: linkage == "primary")] = "primary"
    """Which records are one person's: by surer links alone, by all that are likelier right than wrong, or by
    more. A question that leaves it out is written as it always was."""

    @field_validator("breakdowns", check_fields=False)
    @classmethod
    def _each_once(cls, breakdowns: tuple[Breakdown, ...]) -> tuple[Breakdown, ...]:
        return distinct(breakdowns)


def distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items, each of which stands once; else `ValueError`."""
    if len(set(items)) != len(items):
        msg = "each once"
        raise ValueError(msg)
    return items
