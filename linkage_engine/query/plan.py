"""From a question to a typed plan: everything looked up, every label from the catalogue."""

from __future__ import annotations

from datetime import date

from linkage_engine.contract.query_spec import (
    CareReviewSpec,
    LinkageQualitySpec,
    PersonalisedCareSpec,
    PrevalenceSpec,
    QualityOfLifeSpec,
    QuerySpec,
    RegisterSpec,
)
from linkage_engine.query.around_diagnosis.plan import AroundDiagnosisPlan, around_diagnosis_plan
from linkage_engine.query.cancer_care_review.plan import CareReviewPlan, care_review_plan
from linkage_engine.query.linkage_quality_plan import LinkageQualityPlan, linkage_quality_plan
from linkage_engine.query.personalised_care.plan import PersonalisedCarePlan, personalised_care_plan
from linkage_engine.query.prevalence_plan import PrevalencePlan, prevalence_plan
from linkage_engine.query.quality_of_life.plan import QualityOfLifePlan, quality_of_life_plan
from linkage_engine.query.register_completeness.plan import RegisterPlan, register_plan

AnyPlan = (
    PrevalencePlan
    | AroundDiagnosisPlan
    | LinkageQualityPlan
    | RegisterPlan
    | PersonalisedCarePlan
    | CareReviewPlan
    | QualityOfLifePlan
)


def plan(spec: QuerySpec, *, data_end: date | None = None) -> AnyPlan:
    """The plan of a question; `data_end` is the day from which data on events knows nothing.

    Raises `QueryRefused`: SPECIFICATION_INVALID when the catalogue lacks a name, when names stand
    twice or without the breakdown that shows them, or when a window opens before 1900;
    NO_LINKED_DATA when events are asked about and their data end before the diagnosis period starts,
    before the day on which registers are looked at, a year of reviews ends or a survey was sent last, or
    less than half a year after the period whose care is asked about.
    """
    if isinstance(spec, LinkageQualitySpec):
        return linkage_quality_plan(spec)
    if isinstance(spec, RegisterSpec):
        return register_plan(spec, data_end)
    if isinstance(spec, PersonalisedCareSpec):
        return personalised_care_plan(spec, data_end)
    if isinstance(spec, CareReviewSpec):
        return care_review_plan(spec, data_end)
    if isinstance(spec, QualityOfLifeSpec):
        return quality_of_life_plan(spec, data_end)
    return (
        prevalence_plan(spec) if isinstance(spec, PrevalenceSpec) else around_diagnosis_plan(spec, data_end)
    )
