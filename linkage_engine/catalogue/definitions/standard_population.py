"""The European Standard Population: how many of 100,000 are of which age."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import Value

PEOPLE = 100_000


class WeightedBand(Value):
    """Ages in whole years, both ends included; the last has no oldest."""

    youngest: Annotated[int, Field(ge=0)]
    oldest: int | None
    weight: Annotated[int, Field(gt=0)]


class StandardPopulation(Definition):
    """Bands that follow one another from birth, with weights that add up to 100,000."""

    bands: tuple[WeightedBand, ...]

    @model_validator(mode="after")
    def _is_everybody_once(self) -> Self:
        follows = [band.youngest for band in self.bands] == [
            0,
            *(band.oldest + 1 for band in self.bands[:-1] if band.oldest is not None),
        ]
        if not follows or self.bands[-1].oldest is not None or sum(b.weight for b in self.bands) != PEOPLE:
            msg = "bands follow one another, the last is open, and weights add up to 100,000"
            raise ValueError(msg)
        return self

    def weight_between(self, youngest: int, oldest: int | None) -> int:
        """The weight of whole bands together; raises ValueError where an end is inside a band."""
        starts = {band.youngest for band in self.bands}
        if youngest not in starts or (oldest is not None and oldest + 1 not in starts):
            msg = "ages begin and end with bands"
            raise ValueError(msg)
        inside = [
            b for b in self.bands if b.youngest >= youngest and (oldest is None or b.youngest <= oldest)
        ]
        return sum(band.weight for band in inside)


@cache
def standard_population() -> StandardPopulation:
    """The European Standard Population of 2013."""
    return StandardPopulation.model_validate_json(shipped("standard_population"))
