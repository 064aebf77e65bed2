"""The general population's mean scores by age and sex, with which respondents are compared."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linkage_engine.catalogue.definitions.eq_5d_5l import FULL_HEALTH, eq_5d_5l
from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import FieldName, Value

VAS_TENTHS = 1000
PERSONS: Literal["persons"] = "persons"
"""Men and women together: for people whose sex is not known."""


class Norm(Value):
    """The means of one sex from an age on, up to the next stratum's."""

    youngest: Annotated[int, Field(ge=0)]
    vas_tenths: Annotated[int, Field(ge=0, le=VAS_TENTHS)]
    index_loss: dict[FieldName, Annotated[int, Field(ge=0, le=2 * FULL_HEALTH)]]
    """Thousandths that the mean index is below full health, by set of values."""


class Norms(Definition):
    """Strata of each sex from young to old, the same ages for each; nobody younger than the first."""

    is_synthetic: bool
    strata: dict[Literal["1", "2", "persons"], Annotated[tuple[Norm, ...], Field(min_length=1)]]

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        ages = {tuple(each.youngest for each in strata) for strata in self.strata.values()}
        sets = {each.name for each in eq_5d_5l().value_sets}
        rising = all(a < b for first in ages for a, b in pairwise(first))
        known = all(each.index_loss.keys() == sets for strata in self.strata.values() for each in strata)
        if len(self.strata) != 3 or len(ages) != 1 or not rising or not known:  # noqa: PLR2004  # two sexes and both
            msg = "the same rising ages for each sex and for both, with a mean for each set of values"
            raise ValueError(msg)
        return self

    @property
    def youngest(self) -> int:
        """The age of the youngest of whom anything is known, in years."""
        return self.strata[PERSONS][0].youngest

    def of_sex(self, sex: str) -> tuple[Norm, ...]:
        """The strata of a code of sex: of both together where it is neither."""
        return self.strata["1" if sex == "1" else "2" if sex == "2" else PERSONS]

    def of(self, sex: str, age_years: int) -> Norm | None:
        """The means for a code of sex and an age; nothing for those too young."""
        return next((each for each in reversed(self.of_sex(sex)) if each.youngest <= age_years), None)


@cache
def quality_of_life_norms() -> Norms:
    """The norms that are shipped: made up."""
    return Norms.model_validate_json(shipped("quality_of_life_norms"))
