"""Areas of England by level, with the area that each lies in, at one boundary year."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import ShortText, Value

GssCode = Annotated[str, StringConstraints(pattern=r"^E[0-9]{8}$")]
"""A code of the Government Statistical Service: nine characters, of which the first three tell the level."""


class AreaLevel(StrEnum):
    """What an area is."""

    NHS_REGION = "nhs_region"
    ICB = "icb"
    """Integrated care board."""
    CANCER_ALLIANCE = "cancer_alliance"
    REGION = "region"
    COUNCIL = "council"
    """With responsibility for adult social care."""


_LIES_IN = {AreaLevel.ICB: AreaLevel.NHS_REGION, AreaLevel.COUNCIL: AreaLevel.REGION}


class PlacedArea(Value):
    """One area, and where it lies."""

    level: AreaLevel
    code: GssCode
    name: ShortText
    parent: GssCode | None = None
    succeeds: GssCode | None = None
    """The code of the same area before its boundary was moved."""


class Geography(Definition):
    """Every area at a boundary year; each lies in one of the level above, where there is one."""

    boundary_year: int
    areas: tuple[PlacedArea, ...]

    @model_validator(mode="after")
    def _is_a_hierarchy(self) -> Self:
        by_code = {area.code: area for area in self.areas}
        placed = [
            _LIES_IN.get(area.level) == (by_code[area.parent].level if area.parent in by_code else None)
            and (area.succeeds is None or by_code.get(area.succeeds, area).level is area.level)
            for area in self.areas
        ]
        if len(by_code) != len(self.areas) or not all(placed):
            msg = "a code is given once, and lies in an area of the level above"
            raise ValueError(msg)
        return self

    def at(self, level: AreaLevel) -> tuple[PlacedArea, ...]:
        """The areas of a level, in the order of the file."""
        return tuple(area for area in self.areas if area.level is level)

    def coded(self, code: str) -> PlacedArea | None:
        """The area of that code, or nothing."""
        return next((area for area in self.areas if area.code == code), None)


@cache
def geography() -> Geography:
    """The hierarchy that this version of the service ships."""
    return Geography.model_validate_json(shipped("geography"))


@cache
def codes_at(level: AreaLevel) -> tuple[str, ...]:
    """Every code of a level, also those that were succeeded."""
    return tuple(area.code for area in geography().at(level))
