"""The scales of the QLQ-C30: which items they are made of, and which way they point."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import FieldName, ShortText, Value

ITEMS = 30


class Kind(StrEnum):
    """Which way a scale points."""

    FUNCTIONAL = "functional"
    """The best answers are 100."""
    SYMPTOM = "symptom"
    """The worst answers are 100."""
    GLOBAL = "global"
    """The highest answers, which are the best, are 100."""


class Scale(Value):
    """Items of one range that are scored together."""

    name: FieldName
    title: ShortText
    kind: Kind
    items: Annotated[tuple[int, ...], Field(min_length=1)]
    """Numbers of the items in the questionnaire."""
    item_range: Annotated[int, Field(gt=0)]
    """The highest answer less the lowest, which is 1."""

    @property
    def levels(self) -> int:
        """The scale's highest level: what answers to all its items can add up to beyond the lowest."""
        return len(self.items) * self.item_range


class QlqC30(Definition):
    """Scales in which every item stands once, and which of them the summary score leaves out."""

    scales: tuple[Scale, ...]
    summary_without: tuple[FieldName, ...]

    @model_validator(mode="after")
    def _uses_every_item_once(self) -> Self:
        used = sorted(item for scale in self.scales for item in scale.items)
        names = {scale.name for scale in self.scales}
        if used != list(range(1, ITEMS + 1)) or not names >= set(self.summary_without):
            msg = "every item is in one scale, and the summary leaves out scales that there are"
            raise ValueError(msg)
        if len({scale.item_range for scale in self.summarised}) != 1:
            msg = "scales of the summary have one range"
            raise ValueError(msg)
        return self

    @property
    def summarised(self) -> tuple[Scale, ...]:
        """The scales of the summary score, of which all are needed."""
        return tuple(scale for scale in self.scales if scale.name not in self.summary_without)


@cache
def qlq_c30() -> QlqC30:
    """Version 3 of the QLQ-C30."""
    return QlqC30.model_validate_json(shipped("qlq_c30"))
