"""Cancer in the Quality and Outcomes Framework: register and indicators by year, reasons in their order."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from linkage_engine.catalogue.definitions.long_term_conditions import IndicatorName
from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import FieldName, ShortText, Value

FrameworkYear = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}/[0-9]{2}$")]
"""A year of the framework, from April to March."""
ReasonName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,15}$")]


class ReasonKind(StrEnum):
    """What a reason does."""

    EXCLUSION = "exclusion"
    """Somebody is in neither numerator nor denominator, whatever was done."""
    ADJUSTMENT = "adjustment"
    """Personalised care adjustment: counted for whom the indicator is not met."""


class Reason(Value):
    """Why somebody does not count."""

    name: ReasonName
    kind: ReasonKind
    title: ShortText


class Register(Value):
    """Who has cancer, to the framework."""

    name: IndicatorName
    title: ShortText
    points: int
    first_diagnosis: date


class Indicator(Value):
    """One indicator: of those diagnosed lately, who had something done in time."""

    name: IndicatorName
    title: ShortText
    years: tuple[FrameworkYear, ...]
    points: dict[FrameworkYear, int] = Field(default_factory=dict)
    diagnosed_within_months: int
    done: FieldName
    """The kind of event of general practice that is wanted."""
    within_days: int
    reasons: tuple[Reason, ...]
    """In the order in which they are asked."""

    @model_validator(mode="after")
    def _exclusions_come_first(self) -> Self:
        kinds = [reason.kind for reason in self.reasons]
        if kinds != sorted(kinds, key=list(ReasonKind).index):
            msg = "exclusions are asked before adjustments"
            raise ValueError(msg)
        return self


class CancerIndicators(Definition):
    """The register and every indicator."""

    cancer_register: Register
    indicators: tuple[Indicator, ...]

    def of_year(self, year: str) -> tuple[Indicator, ...]:
        """The indicators of a year of the framework; none of a year that is not here."""
        return tuple(each for each in self.indicators if year in each.years)


@cache
def cancer_indicators() -> CancerIndicators:
    """The indicators that this version of the service ships."""
    return CancerIndicators.model_validate_json(shipped("cancer_indicators"))
