"""Areas: the integrated care boards that a table may be broken down by."""

from __future__ import annotations

from functools import cache

from linkage_engine.catalogue.definitions.geography import AreaLevel, geography
from linkage_engine.contract.query_spec import AreaCode
from linkage_engine.contract.value import FieldName, ShortText, Value


class Area(Value):
    """One integrated care board."""

    code: AreaCode
    name: ShortText

    @property
    def label(self) -> str:
        """Code and name, since names change and codes mean nothing to readers."""
        return f"{self.code} {self.name}"


class Areas(Value):
    """One version of the list: every board of England at a date."""

    name: FieldName
    version: str
    areas: tuple[Area, ...]

    def coded(self, code: str) -> Area | None:
        """The area of that code, or nothing."""
        return next((area for area in self.areas if area.code == code), None)


@cache
def areas() -> Areas:
    """The boards of the hierarchy that this version of the service ships."""
    placed = geography()
    boards = tuple(Area(code=area.code, name=area.name) for area in placed.at(AreaLevel.ICB))
    return Areas(name="areas", version=f"icb-{placed.boundary_year}", areas=boards)
