"""Questions about people around their first diagnosis of cancer, against others of their age and sex."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from linkage_engine.contract.controlled_table import AT_RISK
from linkage_engine.contract.specification import (
    AreaCode,
    Breakdown,
    Day,
    EventKind,
    Specification,
    TumourGroupNames,
    distinct,
)
from linkage_engine.contract.value import FieldName, Value

FIFTEEN_MONTHS = 456
"""Days: fifteen twelfths of 365.25, whole."""

MONTHS_OF_A_QUARTER = 3

_Emergency: TypeAlias = Literal[EventKind.EMERGENCY_ADMISSION, EventKind.EMERGENCY_ATTENDANCE]
_Care: TypeAlias = Literal[EventKind.CARE_ASSESSMENT, EventKind.CARE_SERVICE, EventKind.CARE_HOME]
_People: TypeAlias = Literal[Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA]
_Events: TypeAlias = Annotated[tuple[EventKind, ...], Field(min_length=1, max_length=len(EventKind))]


class DiagnosedParameters(Value):
    """Whose diagnosis a question is about, and by what they are divided."""

    diagnosed_from: Day
    diagnosed_to: Day
    """The last day of the period."""
    tumour_groups: TumourGroupNames | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.diagnosed_to < self.diagnosed_from:
            msg = "the period ends before it starts"
            raise ValueError(msg)
        return self


class CasesParameters(DiagnosedParameters):
    """Whose diagnosis, of people who live in an area."""

    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=60)] | None = None
    """Codes of the catalogue's areas; nothing means all of them."""


class EventsParameters(CasesParameters):
    """Whose diagnosis, and what counts as an event."""

    events: _Events
    """One set of measures for each, in this order."""

    @field_validator("events")
    @classmethod
    def _each_once(cls, events: tuple[EventKind, ...]) -> tuple[EventKind, ...]:
        return distinct(events)


class AdmissionsParameters(EventsParameters):
    """What counts as an event, emergency admissions among them."""

    admission_methods: FieldName = "all"
    """A set of the catalogue's: which codes make an admission an emergency."""


class EmergencyParameters(AdmissionsParameters):
    """Emergency care after diagnosis: whose diagnosis, how long after it, and what counts."""

    window_days: Annotated[int, Field(ge=28, le=1096)] = FIFTEEN_MONTHS
    events: Annotated[tuple[_Emergency, ...], Field(min_length=1)] = (
        EventKind.EMERGENCY_ADMISSION,
        EventKind.EMERGENCY_ATTENDANCE,
    )


class TrajectoryParameters(AdmissionsParameters):
    """Use of services month by month: from how long before the diagnosis to how long after it."""

    months_before: Annotated[int, Field(ge=0, le=24)] = 12
    months_after: Annotated[int, Field(ge=1, le=36)] = 18
    period: Literal["month", "quarter"] = "month"

    @model_validator(mode="after")
    def _whole_quarters(self) -> Self:
        months = (self.months_before, self.months_after)
        if self.period == "quarter" and any(each % MONTHS_OF_A_QUARTER for each in months):
            msg = "months that make whole quarters"
            raise ValueError(msg)
        return self


class ExcessParameters(AdmissionsParameters):
    """Use of services beyond what was expected: between which months, counted from the diagnosis."""

    from_month: Annotated[int, Field(ge=-24, le=35)] = 0
    to_month: Annotated[int, Field(ge=-23, le=36)] = 12
    """The first month that is not counted any more."""

    @model_validator(mode="after")
    def _some_month(self) -> Self:
        if self.to_month <= self.from_month:
            msg = "the window ends before it starts"
            raise ValueError(msg)
        return self


class SocialCareParameters(EventsParameters):
    """The first assessment, service or place in a care home after a diagnosis."""

    events: Annotated[tuple[_Care, ...], Field(min_length=1)] = (
        EventKind.CARE_ASSESSMENT,
        EventKind.CARE_SERVICE,
        EventKind.CARE_HOME,
    )


class AroundDiagnosisSpecification(Specification):
    """What the questions about events around a diagnosis have in common."""

    template: str
    parameters: EventsParameters
    breakdowns: tuple[Breakdown, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population."""
        return tuple(kind.value for kind in self.parameters.events)

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)


class EmergencySpec(AroundDiagnosisSpecification):
    """How much more emergency care people need after a diagnosis than others of their age and sex."""

    template: Literal["emergency_15m"]
    parameters: EmergencyParameters
    breakdowns: Annotated[tuple[_People, ...], Field(max_length=3)]


class _AtRisk(AroundDiagnosisSpecification):
    """A question whose windows may be such that not every case is there."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population: first who is at risk."""
        return (AT_RISK, *super().parts)


class TrajectorySpec(_AtRisk):
    """How often people use services before and after a diagnosis, period by period."""

    template: Literal["service_use_trajectory"]
    parameters: TrajectoryParameters
    breakdowns: Annotated[tuple[_People | Literal[Breakdown.PERIOD], ...], Field(max_length=3)]

    @field_validator("breakdowns")
    @classmethod
    def _by_period(cls, breakdowns: tuple[Breakdown, ...]) -> tuple[Breakdown, ...]:
        if Breakdown.PERIOD not in breakdowns:
            msg = "a trajectory is broken down by period"
            raise ValueError(msg)
        return breakdowns


class ExcessSpec(_AtRisk):
    """How much more of services people use around a diagnosis than others of their age and sex."""

    template: Literal["excess_vs_same_age_sex"]
    parameters: ExcessParameters
    breakdowns: Annotated[tuple[_People, ...], Field(max_length=3)]


class SocialCareSpec(AroundDiagnosisSpecification):
    """How soon people are assessed by, or get, social care after a diagnosis, where death may come first."""

    template: Literal["social_care_response"]
    parameters: SocialCareParameters
    breakdowns: Annotated[tuple[_People, ...], Field(max_length=3)]

    @property
    def parts(self) -> tuple[str, ...]:
        """Of each kind of event: to whom it happened, who died before it, who had one in the year before."""
        kinds = self.parameters.events
        return tuple(f"{kind.value}{which}" for kind in kinds for which in ("", "_died", "_before"))
