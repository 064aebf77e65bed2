"""A question: a closed language of templates, parameters and breakdowns."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from linkage_engine.contract.value import FieldName, Slug, Value


class Breakdown(StrEnum):
    """A dimension of the answer."""

    TUMOUR_GROUP = "tumour_group"
    SEX = "sex"
    AGE_BAND = "age_band"


class PrevalenceParameters(Value):
    """Limited-duration prevalence: first diagnosed in the years up to the index date and alive on it."""

    index_date: date
    lookback_years: Annotated[int, Field(ge=1, le=40)] = 21
    tumour_groups: Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=60)] | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""


class QuerySpec(Value):
    """One question of one project."""

    specification: Literal[1] = 1
    project_id: Slug
    template: Literal["prevalence"]
    parameters: PrevalenceParameters
    breakdowns: Annotated[tuple[Breakdown, ...], Field(max_length=3)]

    @field_validator("breakdowns")
    @classmethod
    def _each_once(cls, breakdowns: tuple[Breakdown, ...]) -> tuple[Breakdown, ...]:
        if len(set(breakdowns)) != len(breakdowns):
            msg = "each breakdown once"
            raise ValueError(msg)
        return breakdowns
