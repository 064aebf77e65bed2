"""A question: a closed language of templates, parameters and breakdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, field_validator, model_validator

from linkage_engine.contract.around_diagnosis import (
    FIFTEEN_MONTHS,
    AdmissionsParameters,
    AroundDiagnosisSpecification,
    CasesParameters,
    EmergencyParameters,
    EmergencySpec,
    EventsParameters,
    ExcessParameters,
    ExcessSpec,
    SocialCareParameters,
    SocialCareSpec,
    TrajectoryParameters,
    TrajectorySpec,
)
from linkage_engine.contract.cancer_care_review import CareReviewParameters, CareReviewSpec
from linkage_engine.contract.personalised_care import (
    SIX_MONTHS,
    CareItem,
    PersonalisedCareParameters,
    PersonalisedCareSpec,
)
from linkage_engine.contract.quality_of_life import QualityOfLifeParameters, QualityOfLifeSpec, Score
from linkage_engine.contract.specification import (
    AreaCode,
    Breakdown,
    Day,
    EventKind,
    Linkage,
    Specification,
    TumourGroupNames,
)
from linkage_engine.contract.value import FieldName, Value

__all__ = [
    "FIFTEEN_MONTHS",
    "FIRST_ON_REGISTER",
    "SIX_MONTHS",
    "TEMPLATES",
    "AdmissionsParameters",
    "AreaCode",
    "AroundDiagnosisSpecification",
    "Breakdown",
    "CareItem",
    "CareReviewParameters",
    "CareReviewSpec",
    "CasesParameters",
    "EmergencyParameters",
    "EmergencySpec",
    "EventKind",
    "EventsParameters",
    "ExcessParameters",
    "ExcessSpec",
    "LinkageQualityParameters",
    "LinkageQualitySpec",
    "PersonalisedCareParameters",
    "PersonalisedCareSpec",
    "PrevalenceParameters",
    "PrevalenceSpec",
    "QualityOfLifeParameters",
    "QualityOfLifeSpec",
    "QuerySpec",
    "RegisterParameters",
    "RegisterSpec",
    "Score",
    "SocialCareParameters",
    "SocialCareSpec",
    "TrajectoryParameters",
    "TrajectorySpec",
    "place_in_text",
    "query_spec",
]


FIRST_ON_REGISTER = date(2003, 4, 1)
"""The first day of practices' registers of cancer: CAN001 of the Quality and Outcomes Framework."""


class PrevalenceParameters(Value):
    """Limited-duration prevalence: first diagnosed in the years up to the index date and alive on it."""

    index_date: date
    lookback_years: Annotated[int, Field(ge=1, le=40)] = 21
    tumour_groups: TumourGroupNames | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""


class LinkageQualityParameters(Value):
    """How well a data set is linked to another one: whose people, and where they are looked for."""

    data_set: FieldName
    """The catalogue's name of the data set whose people are counted."""
    linked_to: FieldName
    """The data set in which they are looked for, of another provider."""
    index_date: Day
    """The day on which people have their age."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""

    @model_validator(mode="after")
    def _of_two(self) -> Self:
        if self.data_set == self.linked_to:
            msg = "two different data sets"
            raise ValueError(msg)
        return self


class PrevalenceSpec(Specification):
    """How many people live with or beyond cancer."""

    template: Literal["prevalence"]
    parameters: PrevalenceParameters
    breakdowns: Annotated[
        tuple[Literal[Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND], ...], Field(max_length=3)
    ]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population."""
        return ("numerator",)

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)


class RegisterParameters(Value):
    """How complete practices' registers of people with cancer are, on a day."""

    index_date: Day
    diagnosed_from: Day = FIRST_ON_REGISTER
    """Diagnoses from this day on are on a register."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""
    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=60)] | None = None
    """Codes of the catalogue's areas; nothing means all of them."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.index_date < self.diagnosed_from:
            msg = "the index date is before the first diagnosis"
            raise ValueError(msg)
        return self


class RegisterSpec(Specification):
    """Who of the people with a registered cancer is on their practice's register, and the other way round."""

    template: Literal["register_completeness"]
    parameters: RegisterParameters
    breakdowns: Annotated[
        tuple[Literal[Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA], ...], Field(max_length=3)
    ]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population: each person is in one at most."""
        return ("both", "registry_only", "register_only")

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)


class LinkageQualitySpec(Specification):
    """Who of a data set was linked to another one: by each breakdown on its own."""

    template: Literal["linkage_quality"]
    parameters: LinkageQualityParameters
    breakdowns: Annotated[
        tuple[
            Literal[
                Breakdown.AGE_BAND,
                Breakdown.SEX,
                Breakdown.ETHNIC_GROUP,
                Breakdown.DEPRIVATION,
                Breakdown.AREA,
            ],
            ...,
        ],
        Field(max_length=5),
    ]

    @field_validator("linkage")
    @classmethod
    def _told_of_all_three(cls, linkage: Linkage) -> Linkage:
        if linkage != "primary":
            msg = "left out: the answer is about all three link ids"
            raise ValueError(msg)
        return linkage

    @property
    def crossed(self) -> int:
        """Breakdowns stand beside each other: a cell is of one at most."""
        return min(1, len(self.breakdowns))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population: by each of the three link ids."""
        return ("linked_strict", "linked", "linked_lenient")


TEMPLATES: tuple[str, ...] = (
    "prevalence",
    "emergency_15m",
    "linkage_quality",
    "service_use_trajectory",
    "excess_vs_same_age_sex",
    "social_care_response",
    "register_completeness",
    "personalised_care_coverage",
    "cancer_care_review",
    "quality_of_life",
)
"""The questions that can be asked."""

UNKNOWN_TEMPLATE = "unknown_template"
"""The code of a question that cannot; pydantic's own would repeat what was sent."""


def _template(question: object) -> str | None:
    named = question.get("template") if isinstance(question, Mapping) else getattr(question, "template", None)
    return named if isinstance(named, str) else None


QuerySpec: TypeAlias = Annotated[
    Annotated[PrevalenceSpec, Tag("prevalence")]
    | Annotated[EmergencySpec, Tag("emergency_15m")]
    | Annotated[LinkageQualitySpec, Tag("linkage_quality")]
    | Annotated[TrajectorySpec, Tag("service_use_trajectory")]
    | Annotated[ExcessSpec, Tag("excess_vs_same_age_sex")]
    | Annotated[SocialCareSpec, Tag("social_care_response")]
    | Annotated[RegisterSpec, Tag("register_completeness")]
    | Annotated[PersonalisedCareSpec, Tag("personalised_care_coverage")]
    | Annotated[CareReviewSpec, Tag("cancer_care_review")]
    | Annotated[QualityOfLifeSpec, Tag("quality_of_life")],
    Discriminator(
        _template,
        custom_error_type=UNKNOWN_TEMPLATE,
        custom_error_message="one of the templates that can be asked",
    ),
]
"""One question of one project: its template says which."""

_READER: TypeAdapter[QuerySpec] = TypeAdapter(QuerySpec, config=ConfigDict(hide_input_in_errors=True))


def query_spec(fields: object) -> QuerySpec:
    """The question of some JSON fields; raises pydantic's ValidationError, which repeats none of them."""
    return _READER.validate_python(fields)


def place_in_text(fault: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where one of pydantic's faults is in the text that was sent.

    Pydantic names the template as if it were a step of the way, and blames the whole
    specification for a template that does not exist.
    """
    steps: Sequence[int | str] = fault["loc"]
    within = tuple(step for step in steps if step not in TEMPLATES)
    return (*within, "template") if fault["type"] == UNKNOWN_TEMPLATE else within
