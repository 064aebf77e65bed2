"""The plan of a question about practices' registers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.areas import Area
from linkage_engine.contract.query_spec import RegisterSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.table_plan import Plan, areas_asked, shared


@dataclass(frozen=True)
class RegisterPlan(Plan):
    """Two lists of people on one day, ready to be compared."""

    index_date: date
    diagnosed_from: date
    areas: tuple[Area, ...]
    """The areas asked for."""


def register_plan(spec: RegisterSpec, data_end: date | None) -> RegisterPlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked = spec.parameters
    if data_end is None or data_end <= asked.index_date:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    shown_areas = areas_asked(asked.areas, spec.breakdowns)
    return RegisterPlan(
        **shared(spec, analysis_template(spec.template), shown_areas=shown_areas),
        index_date=asked.index_date,
        diagnosed_from=asked.diagnosed_from,
        areas=shown_areas,
    )
