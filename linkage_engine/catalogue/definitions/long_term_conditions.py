"""Long-term conditions: which register and which diagnoses tell of each."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field, StringConstraints

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.catalogue.tumour_groups import CodeRange, TumourGroup, tumour_groups
from linkage_engine.contract.value import FieldName, Value

IndicatorName = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,5}[0-9]{3}$")]
"""An indicator of the framework."""


class LongTermCondition(Value):
    """One condition, by the name that events of general practice have for it."""

    name: FieldName
    disease_register: IndicatorName
    youngest: Annotated[int, Field(ge=0)]
    """Age in whole years from which somebody is on the register."""
    icd10: tuple[CodeRange, ...]
    is_all_cancers: bool = False
    """Whether its diagnoses are those of all cancers of the tumour groups."""

    @property
    def categories(self) -> frozenset[str]:
        """Every three-character category of ICD-10 that tells of it."""
        if self.is_all_cancers:
            return frozenset(tumour_groups().all_cancers.categories)
        return frozenset(TumourGroup(name=self.name, title=self.name, codes=self.icd10).categories)


class LongTermConditions(Definition):
    """Every condition that the service knows."""

    conditions: tuple[LongTermCondition, ...]

    def told_by(self, icd10: str) -> LongTermCondition | None:
        """The condition that a diagnosis tells of, or nothing."""
        return next((each for each in self.conditions if icd10[:3] in each.categories), None)


@cache
def long_term_conditions() -> LongTermConditions:
    """The conditions that this version of the service ships."""
    return LongTermConditions.model_validate_json(shipped("long_term_conditions"))
