"""Questions about personalised care after a diagnosis of cancer: what was offered, accepted and done."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from linkage_engine.contract.around_diagnosis import DiagnosedParameters
from linkage_engine.contract.specification import Breakdown, Specification, distinct

SIX_MONTHS = 183
"""Days: half of 366."""

OrganisationCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3}$")]
"""A trust, as the first three characters of the codes of its sites say."""


class CareItem(StrEnum):
    """One intervention of personalised care."""

    NEEDS_ASSESSMENT = "needs_assessment"
    """Holistic needs assessment."""
    CARE_PLAN = "care_plan"
    """Personalised care and support plan."""
    TREATMENT_SUMMARY = "treatment_summary"
    """Summary at the end of treatment."""


PARTS_OF: dict[CareItem, tuple[str, ...]] = {
    **dict.fromkeys(
        (CareItem.NEEDS_ASSESSMENT, CareItem.CARE_PLAN),
        ("offered", "not_offered", "no_submission", "accepted", "completed", "timely"),
    ),
    CareItem.TREATMENT_SUMMARY: ("due", "no_submission", "completed", "timely"),
}
"""What is counted of each item within a cell's population."""


class PersonalisedCareParameters(DiagnosedParameters):
    """Whose diagnosis, which items of care, and at which trusts."""

    items: Annotated[tuple[CareItem, ...], Field(min_length=1)] = tuple(CareItem)
    """One set of measures for each, in this order."""
    within_days: Annotated[int, Field(ge=28, le=SIX_MONTHS)] = SIX_MONTHS
    """An assessment or plan is timely up to so many days after the diagnosis."""
    organisations: Annotated[tuple[OrganisationCode, ...], Field(min_length=1, max_length=250)] | None = None
    """The trusts that are told apart: where they are, they are named."""

    @field_validator("items", "organisations")
    @classmethod
    def _each_once(cls, items: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return items if items is None else distinct(items)


class PersonalisedCareSpec(Specification):
    """Who is offered personalised care, who accepts it, and for whom it is done in time."""

    template: Literal["personalised_care_coverage"]
    parameters: PersonalisedCareParameters
    breakdowns: Annotated[
        tuple[
            Literal[
                Breakdown.TUMOUR_GROUP,
                Breakdown.SEX,
                Breakdown.AGE_BAND,
                Breakdown.STAGE,
                Breakdown.ORGANISATION,
            ],
            ...,
        ],
        Field(max_length=3),
    ]

    @model_validator(mode="after")
    def _names_its_trusts(self) -> Self:
        if (self.parameters.organisations is None) is (Breakdown.ORGANISATION in self.breakdowns):
            msg = "trusts are named where the question is broken down by them, and nowhere else"
            raise ValueError(msg)
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population: of each item by how far it came."""
        return tuple(f"{item.value}_{part}" for item in self.parameters.items for part in PARTS_OF[item])

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)
