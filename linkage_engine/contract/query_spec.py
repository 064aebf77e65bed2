"""A question: a closed language of templates, parameters and breakdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from linkage_engine.contract.value import FieldName, Slug, Value

Item = TypeVar("Item")

FIFTEEN_MONTHS = 456
"""Days: fifteen twelfths of 365.25, whole."""


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


class EventKind(StrEnum):
    """What happens to people and is counted in a window."""

    EMERGENCY_ADMISSION = "emergency_admission"
    EMERGENCY_ATTENDANCE = "emergency_attendance"


TumourGroupNames: TypeAlias = Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=60)]
AreaCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{8}$")]
"""A code of the Government Statistical Service."""
Day: TypeAlias = Annotated[date, Field(ge=date(1971, 1, 1), le=date(2100, 12, 31))]


class PrevalenceParameters(Value):
    """Limited-duration prevalence: first diagnosed in the years up to the index date and alive on it."""

    index_date: date
    lookback_years: Annotated[int, Field(ge=1, le=40)] = 21
    tumour_groups: TumourGroupNames | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""


class EmergencyParameters(Value):
    """Emergency care after diagnosis: whose diagnosis, how long after it, and what counts."""

    diagnosed_from: Day
    diagnosed_to: Day
    """The last day of the period."""
    window_days: Annotated[int, Field(ge=28, le=1096)] = FIFTEEN_MONTHS
    events: Annotated[tuple[EventKind, ...], Field(min_length=1)] = tuple(EventKind)
    """One set of measures for each, in this order."""
    admission_methods: FieldName = "all"
    """A set of the template's: which codes make an admission an emergency."""
    tumour_groups: TumourGroupNames | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""
    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=60)] | None = None
    """Codes of the catalogue's areas; nothing means all of them."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.diagnosed_to < self.diagnosed_from:
            msg = "the period ends before it starts"
            raise ValueError(msg)
        return self

    @field_validator("events")
    @classmethod
    def _each_once(cls, events: tuple[EventKind, ...]) -> tuple[EventKind, ...]:
        return _distinct(events)


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


class Specification(Value):
    """What every question has."""

    specification: Literal[1] = 1
    project_id: Slug

    @field_validator("breakdowns", check_fields=False)
    @classmethod
    def _each_once(cls, breakdowns: tuple[Breakdown, ...]) -> tuple[Breakdown, ...]:
        return _distinct(breakdowns)


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


class EmergencySpec(Specification):
    """How much more emergency care people need after a diagnosis than others of their age and sex."""

    template: Literal["emergency_15m"]
    parameters: EmergencyParameters
    breakdowns: Annotated[
        tuple[Literal[Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA], ...],
        Field(max_length=3),
    ]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population."""
        return tuple(kind.value for kind in self.parameters.events)

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

    @property
    def crossed(self) -> int:
        """Breakdowns stand beside each other: a cell is of one at most."""
        return min(1, len(self.breakdowns))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population: by each of the three link ids."""
        return ("linked_strict", "linked", "linked_lenient")


TEMPLATES: tuple[str, ...] = ("prevalence", "emergency_15m", "linkage_quality")
"""The questions that can be asked."""

UNKNOWN_TEMPLATE = "unknown_template"
"""The code of a question that cannot; pydantic's own would repeat what was sent."""


def _template(question: object) -> str | None:
    named = question.get("template") if isinstance(question, Mapping) else getattr(question, "template", None)
    return named if isinstance(named, str) else None


QuerySpec: TypeAlias = Annotated[
    Annotated[PrevalenceSpec, Tag("prevalence")]
    | Annotated[EmergencySpec, Tag("emergency_15m")]
    | Annotated[LinkageQualitySpec, Tag("linkage_quality")],
    Discriminator(
        _template,
        custom_error_type=UNKNOWN_TEMPLATE,
        custom_error_message="one of the templates that can be asked",
    ),
]
"""One question of one project: its template says which."""

_READER: TypeAdapter[PrevalenceSpec | EmergencySpec | LinkageQualitySpec] = TypeAdapter(
    QuerySpec, config=ConfigDict(hide_input_in_errors=True)
)


def query_spec(fields: object) -> PrevalenceSpec | EmergencySpec | LinkageQualitySpec:
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


def _distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(set(items)) != len(items):
        msg = "each once"
        raise ValueError(msg)
    return items
