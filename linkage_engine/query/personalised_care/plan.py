"""The plan of a question about personalised care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.catalogue.analysis_templates import PersonalisedCareTemplate, personalised_care_template
from linkage_engine.contract.personalised_care import SIX_MONTHS
from linkage_engine.contract.query_spec import PersonalisedCareSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.table_plan import Plan, shared


@dataclass(frozen=True)
class PersonalisedCarePlan(Plan):
    """Who was diagnosed when, and what counts as timely, ready to be run."""

    template: PersonalisedCareTemplate
    diagnosed_from: date
    diagnosed_to: date
    data_end: date
    """The first day of which records of care know nothing."""
    within_days: int
    parts: tuple[str, ...]


def personalised_care_plan(spec: PersonalisedCareSpec, data_end: date | None) -> PersonalisedCarePlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked, template = spec.parameters, personalised_care_template()
    if data_end is None or data_end <= asked.diagnosed_to + timedelta(days=SIX_MONTHS):
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    stages = tuple(stage.label for stage in template.stages)
    return PersonalisedCarePlan(
        **shared(spec, template, stage=stages, organisation=asked.organisations or ()),
        diagnosed_from=asked.diagnosed_from,
        diagnosed_to=asked.diagnosed_to,
        data_end=data_end,
        within_days=asked.within_days,
        parts=spec.parts,
    )
