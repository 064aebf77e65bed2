"""Areas: the integrated care boards that a table may be broken down by."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

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
    title: ShortText
    source: ShortText
    note: ShortText
    areas: tuple[Area, ...]

    def coded(self, code: str) -> Area | None:
        """The area of that code, or nothing."""
        return next((area for area in self.areas if area.code == code), None)


@cache
def areas() -> Areas:
    """The list that this version of the service ships."""
    text = (files("linkage_engine.catalogue") / "areas.json").read_text(encoding="utf-8")
    return Areas.model_validate_json(text)
