"""Tumour groups: which ICD-10 codes are counted together."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import StringConstraints

from linkage_engine.contract.value import FieldName, ShortText, Value

CodeRange = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}(-[A-Z][0-9]{2})?$")]
"""One three-character ICD-10 category, or the first and last of several under one letter."""


class TumourGroup(Value):
    """Diagnoses that are counted together."""

    name: FieldName
    title: ShortText
    codes: tuple[CodeRange, ...]
    only_sex: str | None = None
    """The label of the one sex that can have it; nothing means any."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Every three-character category of the group, in order."""
        return tuple(category for written in self.codes for category in _categories(written))


class TumourGroups(Value):
    """One version of the map: groups that share no code, and all cancers together."""

    name: FieldName
    version: str
    title: ShortText
    source: ShortText
    note: ShortText
    all_cancers: TumourGroup
    groups: tuple[TumourGroup, ...]

    def named(self, name: str) -> TumourGroup | None:
        """The group of that name, or nothing."""
        return next((group for group in self.groups if group.name == name), None)


@cache
def tumour_groups() -> TumourGroups:
    """The map that this version of the service ships."""
    text = (files("linkage_engine.catalogue") / "tumour_groups.json").read_text(encoding="utf-8")
    return TumourGroups.model_validate_json(text)


def group_of(icd10: str) -> TumourGroup | None:
    """The one group of a diagnosis, by its first three characters; nothing for one not counted."""
    return next((group for group in tumour_groups().groups if icd10[:3] in group.categories), None)


def _categories(written: str) -> tuple[str, ...]:
    first, _, last = written.partition("-")
    end = int((last or first)[1:])
    return tuple(f"{first[0]}{number:02}" for number in range(int(first[1:]), end + 1))
