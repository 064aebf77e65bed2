"""The EQ-5D-5L: its five dimensions, and sets of values that make an index of their levels."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import FieldName, ShortText, Value

LEVELS = 5
FULL_HEALTH = 1000
"""Thousandths of the index."""

Decrement = Annotated[int, Field(ge=0, le=2 * FULL_HEALTH)]


class Dimension(Value):
    """One of the five questions, by the column that has its answers."""

    name: FieldName
    column: FieldName
    title: ShortText


class ValueSet(Value):
    """What each level of each dimension takes from full health, in thousandths."""

    name: FieldName
    title: ShortText
    source: ShortText
    decrements: dict[FieldName, Annotated[tuple[Decrement, ...], Field(min_length=LEVELS, max_length=LEVELS)]]

    @model_validator(mode="after")
    def _no_problem_takes_nothing(self) -> Self:
        if any(by_level[0] for by_level in self.decrements.values()):
            msg = "level 1 takes nothing"
            raise ValueError(msg)
        return self


class Eq5d5l(Definition):
    """The dimensions, and sets with a decrement for each."""

    dimensions: tuple[Dimension, ...]
    value_sets: Annotated[tuple[ValueSet, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _sets_are_whole(self) -> Self:
        names = {dimension.name for dimension in self.dimensions}
        if any(each.decrements.keys() != names for each in self.value_sets):
            msg = "a set of values has every dimension"
            raise ValueError(msg)
        return self

    def value_set(self, name: str) -> ValueSet | None:
        """The set of that name, if there is one."""
        return next((each for each in self.value_sets if each.name == name), None)


@cache
def eq_5d_5l() -> Eq5d5l:
    """The dimensions and the sets of values that are shipped."""
    return Eq5d5l.model_validate_json(shipped("eq_5d_5l"))
