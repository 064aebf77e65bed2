"""Questions about quality of life after a diagnosis: whom the survey wrote to, and which scores."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from linkage_engine.contract.specification import (
    AreaCode,
    Breakdown,
    Day,
    Specification,
    TumourGroupNames,
    distinct,
)
from linkage_engine.contract.value import FieldName, Value

RESPONDED = "responded"
"""The part of those asked who answered and agreed that their answers are linked."""


class Score(StrEnum):
    """What is made of the answers of one person."""

    MOBILITY = "mobility"
    """EQ-5D-5L: any problem, or none, in each of five dimensions."""
    SELF_CARE = "self_care"
    USUAL_ACTIVITIES = "usual_activities"
    PAIN_DISCOMFORT = "pain_discomfort"
    ANXIETY_DEPRESSION = "anxiety_depression"
    EQ_VAS = "eq_vas"
    """The visual analogue scale, 0 to 100."""
    EQ_INDEX = "eq_index"
    """The five dimensions as one number, by a set of values."""
    SUMMARY_SCORE = "summary_score"
    """QLQ-C30 version 3: the mean of thirteen scales."""
    GLOBAL_HEALTH = "global_health"
    PHYSICAL_FUNCTIONING = "physical_functioning"
    ROLE_FUNCTIONING = "role_functioning"
    EMOTIONAL_FUNCTIONING = "emotional_functioning"
    COGNITIVE_FUNCTIONING = "cognitive_functioning"
    SOCIAL_FUNCTIONING = "social_functioning"
    FATIGUE = "fatigue"
    NAUSEA_VOMITING = "nausea_vomiting"
    PAIN = "pain"
    DYSPNOEA = "dyspnoea"
    INSOMNIA = "insomnia"
    APPETITE_LOSS = "appetite_loss"
    CONSTIPATION = "constipation"
    DIARRHOEA = "diarrhoea"
    FINANCIAL_DIFFICULTIES = "financial_difficulties"

    @property
    def parts(self) -> tuple[str, ...]:
        """Of a dimension who has a problem and who has none, else who has the score."""
        return (f"{self}_problem", f"{self}_none") if self in DIMENSIONS else (str(self),)


DIMENSIONS = frozenset(
    {
        Score.MOBILITY,
        Score.SELF_CARE,
        Score.USUAL_ACTIVITIES,
        Score.PAIN_DISCOMFORT,
        Score.ANXIETY_DEPRESSION,
    }
)
"""Scores that are told as a percentage with any problem, never as a mean."""
COMPARED = frozenset({Score.EQ_VAS, Score.EQ_INDEX})
"""Scores whose mean in the general population is known: the QLQ-C30 is asked of people with cancer."""


class QualityOfLifeParameters(Value):
    """Who was invited when, and which scores are asked for."""

    invited_from: Day
    invited_to: Day
    """The last day of the period."""
    tumour_groups: TumourGroupNames | None = None
    """Names of the catalogue's tumour groups; nothing means all of them."""
    age_bands: FieldName = "broad"
    """A banding of the catalogue."""
    areas: Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=60)] | None = None
    """Codes of the catalogue's areas; nothing means all of them."""
    scores: Annotated[tuple[Score, ...], Field(min_length=1, max_length=len(Score))] = (
        Score.EQ_VAS,
        Score.SUMMARY_SCORE,
    )
    """One set of measures for each, in this order."""
    value_set: FieldName = "uk_2026"
    """The catalogue's set of values that the index is made by."""

    @field_validator("scores")
    @classmethod
    def _each_once(cls, scores: tuple[Score, ...]) -> tuple[Score, ...]:
        return distinct(scores)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.invited_to < self.invited_from:
            msg = "the period ends before it starts"
            raise ValueError(msg)
        return self


class QualityOfLifeSpec(Specification):
    """How people are some time after a diagnosis, by their own answers, beside the general population."""

    template: Literal["quality_of_life"]
    parameters: QualityOfLifeParameters
    breakdowns: Annotated[
        tuple[
            Literal[Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA],
            ...,
        ],
        Field(max_length=4),
    ]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is counted within a cell's population."""
        return (RESPONDED, *(part for score in self.parameters.scores for part in score.parts))

    @property
    def crossed(self) -> int:
        """How many breakdowns one cell is of at most: all of them."""
        return len(self.breakdowns)
